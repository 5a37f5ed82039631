# The README's steps. Volumes: the weights, the library's index, and the recordings themselves.
FROM python:3.11-slim

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends --yes make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 audiosearch

WORKDIR /home/audiosearch/app
COPY --chown=audiosearch . .
RUN chown audiosearch . && mkdir workspace library && chown audiosearch workspace library
USER 1000
RUN make setup

# A volume made by Docker starts as a copy of models/; a folder mounted there must hold YAMNet's files.
VOLUME ["/home/audiosearch/app/models", "/home/audiosearch/app/workspace", "/home/audiosearch/app/library"]
EXPOSE 45678
HEALTHCHECK --interval=10s --start-period=60s \
    CMD [".venv/bin/python", "-c", "import httpx; httpx.get('http://127.0.0.1:45678/health').raise_for_status()"]

# Inside the container all interfaces, hence a token; publish the port to this machine alone:
# docker run --publish 127.0.0.1:45678:45678 --env AUDIOSEARCH_TOKEN=… …
CMD [".venv/bin/python", "app.py", "serve", "--host", "0.0.0.0"]
