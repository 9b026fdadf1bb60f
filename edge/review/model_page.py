"""The page of the model: which one runs, what is on its way, what is kept out. Everybody who may sign in may look.

Promises: it opens whatever became of the diary, for it reads models.db and notes only; it says nothing of a mood.
Refuses to change anything: hold and history are commands on the device.
"""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from edge.review.model_told import model_told
from edge.review.site import answer, right, site_of, words_of
from edge.update.standing import model_status

router: Final = APIRouter()


@router.get("/model", response_class=HTMLResponse, dependencies=[right("minutes")])
def model(request: Request) -> HTMLResponse:
    """The model, in words."""
    files = site_of(request).home.models
    told = model_told(model_status(files), words_of(request)) if files else None
    return answer(request, "model.html", told=told)
