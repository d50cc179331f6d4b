# The portal and its worker: `start`, `agentworker` and every other command of manage.py.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /portal

COPY requirements.txt requirements.lock ./
RUN pip install -r requirements.txt -c requirements.lock

COPY manage.py ./
COPY k8smcp ./k8smcp
COPY chat ./chat
COPY tools ./tools
COPY templates ./templates
COPY static ./static
COPY docs ./docs
RUN python -m compileall -q k8smcp chat tools \
    && useradd --uid 1000 --create-home portal \
    && install -d -o portal -m 700 /data

USER portal
ENV K8SMCP_HOME=/data
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "manage.py"]
CMD ["start"]
