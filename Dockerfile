# An image with the static program and the certificates of public authorities, and nothing else; and one with a shell,
# pkill and curl for reload commands:
#
#   docker build -t ctmpl .
#   docker build -t ctmpl:shell --target shell .
#
# docs/src/how-to/containers.md shows how to use them, and how to put the program into another image.
#
# Neither has a HEALTHCHECK. ctmpl is process 1, so the container ends with it: a check that looks for the process would
# always be healthy, and ctmpl has no page to ask for more. `ctmpl validate` is not a check of health: ctmpl keeps
# running with the last good configuration. Check the program that reads the files, as examples/container does.

FROM rust:1-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends musl-tools
WORKDIR /src
COPY . .
RUN install -D "$(scripts/static)" /image/usr/bin/ctmpl \
 && install -D -m 644 packaging/ctmpl.hcl /image/etc/ctmpl.d/ctmpl.hcl \
 && install -D -m 644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt

FROM debian:bookworm-slim AS shell
RUN apt-get update \
 && apt-get install -y --no-install-recommends curl procps \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /image /
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/ctmpl"]
CMD ["--config", "/etc/ctmpl.d"]

FROM scratch
COPY --from=build /image /
# ctmpl needs no rights of root to write into a volume of this user. A number needs no /etc/passwd, and Kubernetes can
# see that it is not root.
USER 65532:65532
# ctmpl finishes the write that it has begun, and exits.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/ctmpl"]
CMD ["--config", "/etc/ctmpl.d"]
