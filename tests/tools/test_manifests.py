"""Manifests are read as Kubernetes reads them, and hostile ones are refused before they cost anything."""

import json
import tracemalloc

import pytest

from tools import manifests
from tools.kube.errors import BadInput

ONE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def test_many_documents_lists_and_json_are_all_read() -> None:
    listed = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n"
    text = f"---\n{ONE}---\n# nothing\n---\n{listed}"
    assert [found["metadata"]["name"] for found in manifests.documents(text)] == ["a", "b"]
    assert manifests.documents('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "j"}}')[0]["kind"] == "Pod"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("8080:80", "8080:80"),
        ("2026-11-22", "2026-11-22"),
        ("1Gi", "1Gi"),
        ("100m", "100m"),
        ("0644", 420),
        ("12", 12),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1.27.0", "1.27.0"),
        ("yes", True),
        ("~", None),
        ("=", "="),
        ("'12'", "12"),
        ("0x1F", 31),
        ("a:b", "a:b"),
    ],
)
def test_values_are_read_as_kubernetes_reads_them(written: str, read: object) -> None:
    (found,) = manifests.documents(f"{ONE}value: {written}\n")
    assert found["value"] == read


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing to apply"),
        ("---\n---\n", "nothing to apply"),
        ("a: [1", "not valid YAML in line"),
        ("a: b: c", "not valid YAML in line 1"),
        ("\x00", "not valid YAML"),
        ("- 1", "Document 1 is not an object"),
        ("kind: Pod", "Document 1 has no apiVersion"),
        ("apiVersion: v1", "Document 1 has no kind"),
        (
            f"{ONE}---\napiVersion: v1\nkind: Pod\nmetadata: {{generateName: x-}}",
            r"Document 2 \(Pod\) has no metadata.name",
        ),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: 5}", "no metadata.name"),
        (f"{ONE}kind: Pod", 'sets "kind" twice in line 4'),
        (f"{ONE}data: !!python/object/apply:os.system [id]", "not valid YAML"),
        (f"{ONE}data: " + "[" * 100 + "]" * 100, "nested deeper"),
        (f"{ONE}data: &a [*a]", "nested deeper|not valid"),
        ("x" * (manifests.LARGEST + 1), "larger than 256 KiB"),
        ("---\n".join([ONE] * 51), "has 51 objects"),
    ],
)
def test_what_cannot_be_applied_is_told_with_its_place(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        manifests.documents(text)


def test_a_small_text_that_expands_to_billions_of_values_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(BadInput, match="expands to too many values"):
        manifests.documents(ONE + "\n".join(lines))


def test_a_few_aliases_are_welcome() -> None:
    (found,) = manifests.documents(f"{ONE}labels: &l {{app: web}}\nspec: {{selector: *l, more: {{<<: *l, x: y}}}}\n")
    assert found["spec"] == {"selector": {"app": "web"}, "more": {"app": "web", "x": "y"}}


@pytest.mark.parametrize("kind", ["secrets", "secret", "Secret/x", "v1,Secret", "Pod\n", "../Pod"])
def test_a_kind_is_written_as_the_api_does(kind: str) -> None:
    """By another name the kind would be found all the same, and its values be masked by nobody."""
    with pytest.raises(BadInput, match="is not a kind"):
        manifests.documents(json.dumps({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}}))


def test_no_tree_is_made_of_a_large_text_of_tiny_values() -> None:
    """As whoever may write a Secret can have one kept for Helm: a thousandth of it, packed."""
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match="too many values"):
            manifests.parsed("- a\n" * (1 << 18))
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_large_documents_of_few_values_are_read() -> None:
    large = f"---\n{ONE}data: {{a: {'x' * manifests.LARGEST}}}\n"
    assert len(manifests.parsed(large * 3)) == 3
