"""The libraries to compare with, as child processes: `python baselines.py TASK LIST OUT`.

LIST is a JSON file of {"path", "pages"}: pages to render, counted from 1. Each line of stdout is a JSON object:
first {"ready": …} once the library is loaded, then one per file, {"path", …} with an "error" if the file failed.
Pages go to OUT/<stem>/pages/0001.png, where the worker puts them too.
"""

import json
import resource
import sys
import time
from pathlib import Path

DPI = 150


def load_inventory():
    import pypdfium2

    def sizes(path, pages, folder):
        with pypdfium2.PdfDocument(path) as document:
            return {"sizes": [document.get_page_size(index) for index in range(len(document))]}

    return sizes


def load_pymupdf():
    import pymupdf

    def render(path, pages, folder):
        with pymupdf.open(path) as document:
            for page in pages:
                png = document[page - 1].get_pixmap(dpi=DPI).tobytes("png")
                (folder / f"{page:04}.png").write_bytes(png)
        return {}

    return render


def load_pypdfium2():
    import PIL.PngImagePlugin  # noqa: F401  (else it would be loaded with the first page)
    import pypdfium2

    def render(path, pages, folder):
        with pypdfium2.PdfDocument(path) as document:
            for page in pages:
                image = document[page - 1].render(scale=DPI / 72).to_pil()
                image.save(folder / f"{page:04}.png")
        return {}

    return render


TASKS = {"inventory": load_inventory, "pymupdf": load_pymupdf, "pypdfium2": load_pypdfium2}


def main(task: str, list_file: str, out: str) -> None:
    handle = TASKS[task]()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    say({"ready": task, "cpu_seconds": usage.ru_utime + usage.ru_stime, "at_seconds": time.monotonic()})
    for source in json.loads(Path(list_file).read_text()):
        path = source["path"]
        folder = Path(out) / Path(path).stem / "pages"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            say({"path": path, **handle(path, source.get("pages"), folder)})
        except Exception as error:  # a file that a library refuses is an answer, not the end
            say({"path": path, "error": f"{type(error).__name__}: {error}"})


def say(answer: dict) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
