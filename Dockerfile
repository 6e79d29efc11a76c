# Topicwire in a container: one static binary, nothing else.
#
#   docker build -t topicwire .
#   docker run -p 8080:8080 -v topicwire:/data topicwire

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w" -o /out/topicwire ./cmd/topicwire
# A named volume takes owner and mode of the folder it is first mounted on.
RUN mkdir -p /out/data && chmod 0700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /usr/share/zoneinfo.zip
COPY --from=build /out/topicwire /topicwire
COPY --from=build --chown=65532:65532 /out/data /data
# SQLite's temporary files go to the volume: the root is read-only.
ENV ZONEINFO=/usr/share/zoneinfo.zip \
    SQLITE_TMPDIR=/data \
    TMPDIR=/data \
    TOPICWIRE_LISTEN=0.0.0.0:8080 \
    TOPICWIRE_DATABASE=/data/topicwire.db
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["/topicwire", "healthcheck"]
ENTRYPOINT ["/topicwire"]
CMD ["serve"]
