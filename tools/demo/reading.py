"""GET: one object, a list, a watch."""

from tools.demo.api import Api, Call
from tools.demo.errors import NotFound
from tools.demo.http import Response
from tools.demo.kinds import Kind
from tools.demo.listing import read_page
from tools.demo.options import list_options
from tools.demo.selectors import FieldSelector, LabelSelector, parse_fields, parse_labels
from tools.demo.watch import Watch

DEPRECATED = {
    ("", "componentstatuses"): "v1 ComponentStatus is deprecated in v1.19+",
    ("", "endpoints"): "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
}


def read(api: Api, call: Call, kind: Kind) -> Response:
    """One object by name; NotFound if there is none."""
    obj = api.store.get(kind.resource, call.namespace(kind), call.target.name)
    if obj is None:
        raise NotFound(kind.group, kind.plural, call.target.name)
    return call.answer(call.answers(kind).one(obj))


def selectors_of(call: Call, kind: Kind) -> tuple[LabelSelector, FieldSelector]:
    """The selectors of a list, watch or deletecollection; a name in the old watch path selects it."""
    labels = parse_labels(call.request.param("labelSelector"))
    fields = parse_fields(_field_text(call, kind), kind.resource.group, kind.resource.plural, kind.definition)
    if call.target.name:
        fields = FieldSelector((*fields.terms, ("metadata.name", "=", call.target.name)))
    return labels, fields


def _field_text(call: Call, kind: Kind) -> str:
    """The field selector; events.k8s.io has its own names for the fields of the stored core events."""
    text = call.request.param("fieldSelector")
    if kind.group != "events.k8s.io":
        return text
    return text.replace("regarding.", "involvedObject.").replace("reportingController", "reportingComponent")


def list_objects(api: Api, call: Call, kind: Kind) -> Response:
    """All objects of a namespace, or of the cluster, that the selectors match."""
    options = list_options(call.request, watching=False)
    selectors = selectors_of(call, kind)
    answers = call.answers(kind)
    page = read_page(api.store, kind, _scope(call, kind), options, selectors)
    return call.answer(answers.many(page.objects, page.meta))


def watch_objects(api: Api, call: Call, kind: Kind) -> Response:
    """A stream of changes."""
    options = list_options(call.request, watching=True)
    labels, fields = selectors_of(call, kind)
    watch = Watch(api.store, kind, _scope(call, kind), options, call.answers(kind)).select(labels, fields)
    return Response(stream=watch.lines(), headers=call.warning_headers())


def _scope(call: Call, kind: Kind) -> str | None:
    return (call.target.namespace or None) if kind.namespaced else ""
