# The servers that have no image of their own here, from Debian's packages: the ones that tests and the local stack use.
FROM debian:bookworm-slim AS ftp
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends vsftpd openssl \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o www-data -g www-data -m 750 /srv/ftp/files /run/ftp \
    && install -d -m 555 /run/ftp-empty
COPY --chown=www-data:www-data --chmod=600 compose/ftp/vsftpd.conf /etc/sluice/vsftpd.conf
COPY --chmod=755 compose/container/ftp /usr/local/bin/ftp
USER www-data
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD bash -c 'exec 3<>/dev/tcp/127.0.0.1/2121 && read -t 2 -r -u 3 line && [[ $line = 220* ]]'
CMD ["ftp"]

FROM debian:bookworm-slim AS mail
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3-aiosmtpd \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o www-data -g www-data -m 750 /var/mail/sluice
COPY --chmod=644 compose/mail/sink.py /usr/local/lib/sink.py
USER www-data
CMD ["python3", "-B", "/usr/local/lib/sink.py", "0.0.0.0", "2525", "/var/mail/sluice"]

FROM debian:bookworm-slim AS nginx
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends nginx gettext-base curl \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o www-data -g www-data -m 750 /srv/ftp/files /run/nginx
COPY --chmod=644 compose/nginx/nginx.conf.template /etc/sluice/nginx.conf.template
COPY --chmod=755 compose/container/front-door /usr/local/bin/front-door
USER www-data
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD curl -sS -o /dev/null http://127.0.0.1:8080/
CMD ["front-door"]
