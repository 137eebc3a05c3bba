# The bot as an image: `docker build -t twinspan .`; deploy/compose.yaml runs it beside PostgreSQL.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY models ./models
COPY handlers ./handlers
COPY bot ./bot
COPY migrations ./migrations
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --user-group --no-create-home twinspan \
    && install --directory --owner=twinspan --group=twinspan /data
COPY --from=build /venv /venv
ENV PATH="/venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    DATABASE_URL=sqlite:////data/twinspan.db \
    TWINSPAN_CONFIG=/etc/twinspan/twinspan.yaml \
    TWINSPAN_LISTEN=0.0.0.0:8080
WORKDIR /data
USER twinspan
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/livez', timeout=4)"]
ENTRYPOINT ["twinspan"]
CMD ["serve"]
