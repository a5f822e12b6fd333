FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci

FROM node:20-bookworm-slim
# git: the refs of projects whose runs are carried out by runners are asked with it, and `draven runner` checks out with it.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git openssh-client && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 DRAVEN_DATA_DIR=/data
COPY package.json package-lock.json ./
# Without the embedded Postgres: a container has DATABASE_URL.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && mkdir /data && chown node:node /data
COPY manifests manifests
COPY src/web/pages/assets src/web/pages/assets
COPY --from=build /app/build build
RUN chmod +x build/src/main.js && ln -s /app/build/src/main.js /usr/local/bin/draven
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["draven"]
CMD ["serve"]
