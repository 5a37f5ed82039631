"""Fifty clients at once for half a minute: right answers, or a plain refusal."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.integration.service import Service

CLIENTS = 50
SECONDS = 30
CLIPS = ("toy-data/drum_loop_loop_mika.mp3", "toy-data/speech_en_1.opus", "toy-data/water_fill.mp4")


def test_fifty_clients(toy_service: Service) -> None:
    expected = {clip: [each["id"] for each in toy_service.search({"uri": clip})] for clip in CLIPS}
    counts: Counter[int] = Counter()
    lock, end = threading.Lock(), time.monotonic() + SECONDS

    def ask(number: int) -> None:
        with httpx.Client(base_url=toy_service.address, timeout=60, trust_env=False) as client:
            while time.monotonic() < end:
                clip = CLIPS[number % len(CLIPS)]
                response = client.post("/search", json={"data": [{"uri": clip}]})
                with lock:
                    counts[response.status_code] += 1
                if response.status_code == 200:
                    matches = response.json()["data"][0]["matches"]
                    assert [each["id"] for each in matches] == expected[clip]
                else:
                    assert response.headers["Retry-After"]
                    time.sleep(0.1)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, range(CLIENTS)))
    assert set(counts) <= {200, 429}, counts
    assert counts[200] > 50, counts
    assert toy_service.get("/health/ready").status_code == 200
