# The image of the two programs and the command-line tool. BASE is Debian 13; the release build is made in the image, so
# that it fits its libraries.
ARG BASE=debian:13-slim

FROM ${BASE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential cmake ninja-build pkg-config \
      libcpprest-dev libboost-dev nlohmann-json3-dev libyaml-cpp-dev libspdlog-dev libcli11-dev prometheus-cpp-dev \
      libjemalloc-dev libssl-dev libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc librdkafka-dev
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY proto proto
COPY include include
COPY src src
COPY operator operator
COPY scaler scaler
COPY cli cli
RUN cmake --preset release -DBUILD_TESTING=OFF > /dev/null && cmake --build --preset release && \
    mkdir build/bin && cp build/release/penstock-operator build/release/penstock-scaler build/release/kubectl-penstock \
      build/bin/ && strip build/bin/*
# What the programs are linked to, by package, so that the list can't be wrong.
RUN ldd build/bin/* | awk '/=> \//{print $3}' | sort -u | \
      xargs -r realpath | sort -u | xargs -r dpkg-query -S | cut -d: -f1 | sort -u > build/packages

FROM ${BASE}
RUN --mount=type=bind,from=build,source=/src/build/packages,target=/packages \
    apt-get update && xargs -a /packages apt-get install -y --no-install-recommends ca-certificates && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY --from=build /src/build/bin/ /usr/bin/
USER 65532:65532
CMD ["penstock-operator"]
