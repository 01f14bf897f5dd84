"""Counts visits: FastAPI in front of Redis."""

import os
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException
from redis.asyncio import Redis
from redis.exceptions import RedisError

counter = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True, socket_timeout=3)


@asynccontextmanager
async def lifespan(_app: FastAPI):
    yield
    await counter.aclose()


app = FastAPI(title="Visits", lifespan=lifespan)


@app.get("/")
async def visit():
    return {"visits": await counter.incr("visits"), "try": ["/docs", "/health"]}


@app.get("/health")
async def health():
    try:
        await counter.ping()
    except RedisError as error:
        raise HTTPException(503, f"Redis does not answer: {error}") from error
    return {"status": "ok"}


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", "8000")))
