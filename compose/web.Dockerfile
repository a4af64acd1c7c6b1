# Web: built in the Swift image for bookworm, run on a bare Debian with nothing but the libraries it loads.
# The context is the repository: docker build -f compose/web.Dockerfile .
FROM swift:6.3-bookworm AS build
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        pkg-config libhiredis-dev libpq-dev libcurl4-openssl-dev libssl-dev libgd-dev libmagic-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.* ./
COPY Sources Sources
# Not built, but the manifest names targets there, and SwiftPM wants to see the folder of every target.
COPY Tests Tests
RUN --mount=type=cache,target=/src/.build,id=sluice-build,sharing=locked \
    swift build -c release --static-swift-stdlib --product Web \
    && swift build -c release --static-swift-stdlib --product sluice \
    && install -D -t /out .build/release/Web .build/release/sluice

FROM debian:bookworm-slim
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        ca-certificates curl libhiredis0.14 libpq5 libcurl4 libssl3 libgd3 libmagic1 libmagic-mgc libstdc++6 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o www-data -g www-data -m 750 /var/lib/sluice/staging
COPY --from=build /out/ /usr/local/bin/
COPY --chmod=755 compose/container/with-env /usr/local/bin/with-env
# The same number (33) as in the images of nginx and the FTP server, which share volumes with this one.
USER www-data
WORKDIR /
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 CMD curl -fsS http://127.0.0.1:9090/live
ENTRYPOINT ["with-env"]
CMD ["Web"]
