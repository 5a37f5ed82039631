"""Indexing in the background."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from executors.service import answers
from executors.service.context import Service
from executors.service.jobs import LISTED, Job
from executors.service.problems import problems, require_json
from executors.service.requests import JobBody

_LOOK_EACH_S = 0.2


def jobs(service: Service) -> APIRouter:
    """Make the routes of jobs."""
    router = APIRouter(prefix="/jobs", tags=["index"], responses=problems("not_found"))
    Found = Annotated[Job, Depends(service.jobs.get)]  # noqa: N806 (a type)

    @router.post(
        "",
        status_code=HTTPStatus.ACCEPTED,
        dependencies=[Depends(require_json)],
        responses=problems("bad_request", "not_found", "too_long", "unsupported", "busy"),
    )
    async def start(body: JobBody, request: Request) -> answers.JobAnswer:
        """Index files and folders in the background, after the jobs that were started before."""
        trusted = service.tokens.is_owner(request)
        paths = dict.fromkeys(body.paths)
        names = {await service.pipeline.locate(path, trusted): path for path in paths}
        job = Job(names, trusted, body.retry_failed, body.prune)
        service.jobs.submit(job)
        return _answer(job)

    @router.get("")
    async def list_jobs() -> answers.JobList:
        """List the jobs that run and wait, and the latest that have ended."""
        return answers.JobList(jobs=list(map(_answer, service.jobs.all())))

    @router.get("/{job_id}")
    async def show(job: Found) -> answers.JobAnswer:
        """Tell how far a job is."""
        return _answer(job)

    @router.get("/{job_id}/events", response_class=EventSourceResponse)
    async def events(job: Found) -> AsyncIterator[ServerSentEvent]:
        """Tell how far a job is whenever that changes, until it ends."""
        told = -1
        while True:
            finished = job.finished or service.is_closing()
            if job.version != told:
                told = job.version
                yield ServerSentEvent(data=_answer(job), event="job")
            if finished:
                return
            await asyncio.sleep(_LOOK_EACH_S)

    @router.delete(
        "/{job_id}", status_code=HTTPStatus.ACCEPTED, responses=problems("not_found", "finished")
    )
    async def stop(job_id: str) -> answers.JobAnswer:
        """Stop a job; what it has indexed stays."""
        return _answer(service.jobs.stop(job_id))

    return router


def _answer(job: Job) -> answers.JobAnswer:
    report = job.report
    failed: list[dict[str, Any]] = [
        {
            **each,
            "path": job.name_of(each["path"]),
            "message": job.without_paths(each["message"]),
        }
        for each in report.failed[:LISTED]
    ]
    return answers.JobAnswer(
        id=job.id,
        state=job.state,
        message=job.message and job.without_paths(job.message),
        paths=list(job.names.values()),
        retry_failed=job.retry_failed,
        prune=job.prune,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        bytes_done=job.bytes_done,
        bytes_total=job.bytes_total,
        added=report.added,
        known=report.known,
        unchanged=report.unchanged,
        n_failed=job.n_failed,
        failed=[answers.FailedFile(**each) for each in failed],
        vanished=report.vanished[:LISTED],
        pruned=report.pruned,
        duration_s=report.duration_s,
    )
