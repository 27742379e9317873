"""An exported model behind PyTorch, FastAPI and uvicorn, with the endpoints of `pliant serve` as far as the load test asks them.

    python serve.py FOLDER --port 8082 [--mode pool|single|batch]

FOLDER was written by `pliant export --to hf`. One process, eager PyTorch in `torch.inference_mode` with two threads, the
tokenizer of the folder, texts cut at the model's positions. The modes:

pool    a handler `def` with a forward pass for each request, which FastAPI runs on its pool of threads: what its manual begins with
single  a forward pass for each request, one after the other on one thread, so that passes do not fight for the cores
batch   on one thread, all requests that wait (at most 32) padded to the longest and answered by one pass; nobody waits for others
        to come
"""

import argparse
import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import torch
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import AutoModelForMaskedLM, AutoTokenizer

MOST = 32


class FillMask(BaseModel):
    text: str
    top: int = 5


class Text(BaseModel):
    text: str


class Model:
    def __init__(self, folder: str):
        self.tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=True)
        self.model = AutoModelForMaskedLM.from_pretrained(folder, trust_remote_code=True).eval()
        self.encoder = self.model.base_model
        self.longest = self.model.config.max_position_embeddings

    def encode(self, texts):
        return self.tokenizer(
            texts, truncation=True, max_length=self.longest, padding=len(texts) > 1, return_tensors="pt"
        )

    @torch.inference_mode()
    def fill(self, requests):
        inputs = self.encode([request.text for request in requests])
        logits = self.model(**inputs).logits
        replies = []
        for row, request in enumerate(requests):
            places = (inputs["input_ids"][row] == self.tokenizer.mask_token_id).nonzero().flatten()
            probabilities, ids = logits[row, places].softmax(-1).topk(request.top)
            masks = [
                [
                    {"token": token, "id": id, "probability": probability}
                    for token, id, probability in zip(self.tokenizer.convert_ids_to_tokens(own), own, shares)
                ]
                for own, shares in zip(ids.tolist(), probabilities.tolist())
            ]
            replies.append({"results": [{"masks": masks}]})
        return replies

    @torch.inference_mode()
    def embed(self, requests):
        inputs = self.encode([request.text for request in requests])
        hidden = self.encoder(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        vectors = (hidden * mask).sum(1) / mask.sum(1)
        return [{"results": [{"embedding": vector}]} for vector in vectors.tolist()]


class Queue:
    """Requests of one endpoint, answered on the model's one thread, up to `most` of those that wait at a time."""

    def __init__(self, answer, thread, most):
        self.answer, self.thread, self.most, self.waiting = answer, thread, most, asyncio.Queue()

    async def work(self):
        loop = asyncio.get_running_loop()
        while True:
            taken = [await self.waiting.get()]
            while len(taken) < self.most and not self.waiting.empty():
                taken.append(self.waiting.get_nowait())
            requests = [request for request, _ in taken]
            replies = await loop.run_in_executor(self.thread, self.answer, requests)
            for (_, future), reply in zip(taken, replies):
                future.set_result(reply)

    async def ask(self, request):
        future = asyncio.get_running_loop().create_future()
        await self.waiting.put((request, future))
        return await future


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--mode", choices=["pool", "single", "batch"], default="pool")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = Model(arguments.folder)

    if arguments.mode == "pool":
        app = FastAPI()

        @app.post("/v1/fill-mask")
        def fill_mask(request: FillMask):
            return model.fill([request])[0]

        @app.post("/v1/embeddings")
        def embeddings(request: Text):
            return model.embed([request])[0]

    else:
        most = MOST if arguments.mode == "batch" else 1
        thread = ThreadPoolExecutor(max_workers=1)
        fills, embeds = Queue(model.fill, thread, most), Queue(model.embed, thread, most)

        @asynccontextmanager
        async def workers(_):
            tasks = [asyncio.create_task(queue.work()) for queue in (fills, embeds)]
            yield
            for task in tasks:
                task.cancel()

        app = FastAPI(lifespan=workers)

        @app.post("/v1/fill-mask")
        async def fill_mask(request: FillMask):
            return await fills.ask(request)

        @app.post("/v1/embeddings")
        async def embeddings(request: Text):
            return await embeds.ask(request)

    @app.get("/healthz")
    def healthz():
        return {"status": "ok"}

    uvicorn.run(app, host="127.0.0.1", port=arguments.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
