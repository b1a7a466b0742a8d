# The steps of this file run, without a container, in test/real/dockerfile.test.ts.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY . .
RUN node node_modules/typescript/bin/tsc -p tsconfig.json
RUN node node_modules/vite/bin/vite.js build --logLevel warn --config src/app/dashboard/vite.config.ts
RUN node scripts/bundle-server.mjs
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production FORETIDE_DATA_DIR=/var/lib/foretide
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/config ./config
RUN install -d -o node -g node /var/lib/foretide
VOLUME /var/lib/foretide
# Beside one service: CMD ["node", "dist/src/main.js", "sidecar", "--config", …] runs the same daemon in half the memory.
# 8080 API and page, 4318 OTLP over HTTP, 4317 OTLP over gRPC. All listen on loopback until FORETIDE_HOST (which needs
# FORETIDE_TOKEN) and FORETIDE_OTLP_HOST say otherwise. Run with --read-only: only /var/lib/foretide is written to.
EXPOSE 8080 4318 4317
USER node
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js", "serve", "--config", "config"]
