# An image with the static program and the certificates of public authorities, and nothing else; and one with a shell,
# pkill and curl for reload commands:
#
#   docker build -t ctmpl .
#   docker build -t ctmpl:shell --target shell .
#
# docs/src/how-to/containers.md shows how to use them, and how to put the program into another image.
#
# The check asks the status server of ctmpl whether its event loop works. It does not ask for more: platforms restart a
# container that is unhealthy, and that helps neither an outage of Consul nor a key that is missing. To wait until all
# files are written, run `ctmpl status --ready` instead. The socket is in the abstract namespace, because that needs no
# directory: the root may be read-only. The address is in the environment, so that the daemon and the check have the
# same; a status_addr in the configuration would be for the daemon only.

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
ENV CTMPL_STATUS_ADDR=unix:@ctmpl
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s CMD ["/usr/bin/ctmpl", "status", "--healthy"]
ENTRYPOINT ["/usr/bin/ctmpl"]
CMD ["--config", "/etc/ctmpl.d"]

FROM scratch
COPY --from=build /image /
ENV CTMPL_STATUS_ADDR=unix:@ctmpl
# ctmpl needs no rights of root to write into a volume of this user. A number needs no /etc/passwd, and Kubernetes can
# see that it is not root.
USER 65532:65532
# ctmpl finishes the write that it has begun, and exits.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s CMD ["/usr/bin/ctmpl", "status", "--healthy"]
ENTRYPOINT ["/usr/bin/ctmpl"]
CMD ["--config", "/etc/ctmpl.d"]
