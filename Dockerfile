# One image for `rowpost worker`, `rowpost sidecar`, `rowpost migrate` and every other command. README, "The image".
# Nothing here depends on the clock or on who builds: the same commit gives the same layers.

FROM node:24.21.0-bookworm-slim AS base

# The program as one bundle, libraries and all: image/bundle.ts says what it holds and why. No script of a package runs. The
# optional dependencies are a Node, which the base has, and tools for the checks.
FROM base AS bundle
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=optional --ignore-scripts
COPY LICENSE ./
COPY image image/
COPY src src/
COPY migrations migrations/
COPY schemas schemas/
# SOURCE_DATE_EPOCH (seconds): the commit's time, for who wants it on the files.
ARG SOURCE_DATE_EPOCH=0
RUN node image/bundle.ts /out/app \
    && chmod -R u=rwX,go=rX /out \
    && find /out -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM base
COPY --from=bundle /out/ /
WORKDIR /app
# One pool of memory for all threads, and large blocks from the system and back to it: 5 MB less that are free and kept.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072
# Nobody's number in the base: all files belong to root, and no process of this image can change one.
USER 10001:10001
# The worker's and the sidecar's defaults; they listen on loopback unless WORKER_HOST and HTTP_HOST say otherwise.
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
# The flags are those of the first line of src/cli.ts. No shell: SIGTERM reaches the process itself, which is number 1.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=40", "--v8-pool-size=1", "/app/src/cli.js"]
CMD ["worker"]

ARG REVISION=unknown
LABEL org.opencontainers.image.title="rowpost" \
      org.opencontainers.image.description="Applies small updates from Google Cloud Pub/Sub to MySQL exactly once, with a receipt in the same commit" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/node:24.21.0-bookworm-slim"
