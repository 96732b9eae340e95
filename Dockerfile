# Dragoman in a container: built from source, then only what runs.
#
#   docker build -t dragoman .                               CPU
#   docker build -t dragoman:cuda --build-arg DEVICE=cuda .  CPU and CUDA (several GB; run with --gpus all)
#   docker run --rm -i -v "$PWD:/data" --user "$(id -u):$(id -g)" dragoman translate --model en-de < text.en
FROM debian:bookworm-slim AS build
ARG DEVICE=cpu
WORKDIR /source
# What is installed changes less often than the source: these two files decide it.
COPY scripts/setup scripts/
COPY cmake/dependencies.cmake cmake/
RUN if [ "$DEVICE" = cuda ]; then scripts/setup --cuda; else scripts/setup; fi
COPY . .
RUN cmake --preset release -DDRAGOMAN_BUILD_TESTS=OFF \
      -DDRAGOMAN_INSTALL_CUDA="$([ "$DEVICE" = cuda ] && echo ON || echo OFF)" \
    && cmake --build --preset release --target dragoman_program \
    && cmake --install build/release --component runtime --prefix /opt/dragoman --strip \
    && cmake --install build/release --component bundled --prefix /opt/dragoman

FROM debian:bookworm-slim
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="dragoman" \
      org.opencontainers.image.description="Trains, evaluates and runs sequence-to-sequence Transformers" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/dragoman /opt/dragoman
RUN ln -s /opt/dragoman/bin/dragoman /usr/local/bin/dragoman \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin dragoman \
    && install -d -o dragoman -g dragoman -m 1777 /data
USER 10001:10001
WORKDIR /data
VOLUME /data
# --help then shows how to reach files from in here.
ENV DRAGOMAN_CONTAINER=1
ENTRYPOINT ["dragoman"]
