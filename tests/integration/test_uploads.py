"""Thousands of broken files through POST /search/upload: each is answered, none breaks a thing."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil

from tests.integration.service import Service, serving
from tests.mutations import mutated_files

N_FILES = 2_000
CLIENTS = 3
EXPECTED = {200, 413, 415, 422}
GROWTH_MB = 250  # what allocators keep; a leak of each file's sound would be gigabytes


def memory_mb(service: Service) -> float:
    return sum(each.memory_info().rss for each in service.processes()) / 1e6


def microservices(service: Service) -> set[int]:
    """Give the ids of the processes that must not die: all but those that decode."""
    own = psutil.Process(service.process.pid)
    return {own.pid, *(each.pid for each in own.children())}


def test_mutated_files(tmp_path: Path) -> None:
    with serving(tmp_path / "workspace", "--encoder", "yamnet") as service:
        with httpx.Client(base_url=service.address, timeout=120, trust_env=False) as client:

            def upload(file: tuple[str, bytes]) -> tuple[int, str]:
                response = client.post("/search/upload", files={"file": file})
                return response.status_code, f"{file[0]}: {response.text[:300]}"

            files = mutated_files(tmp_path, N_FILES, seed=0)
            first = [upload(next(files)) for _ in range(100)]
            processes, before_mb = microservices(service), memory_mb(service)
            with ThreadPoolExecutor(CLIENTS) as pool:
                answers = [*first, *pool.map(upload, files)]
            assert client.get("/health/ready").status_code == 200
        counts = Counter(status for status, _ in answers)
        surprises = [text for status, text in answers if status not in EXPECTED]
        assert not surprises, surprises[:5]
        assert len(answers) == N_FILES
        assert counts[200] > N_FILES // 20, counts
        assert counts[415] + counts[422] > N_FILES // 20, counts
        assert microservices(service) == processes
        assert memory_mb(service) - before_mb < GROWTH_MB
        assert "Traceback" not in service.log.read_text()
