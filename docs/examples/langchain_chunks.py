"""Prints the LangChain documents of a chunks.jsonl: langchain_chunks.py FILE"""
import json
import sys

from langchain_core.documents import Document


def load(path, job_id):
    with open(path, encoding="utf-8") as lines:
        for chunk in map(json.loads, lines):
            metadata = {key: chunk.get(key, []) for key in ("headings", "page_numbers", "element_ids", "regions")}
            metadata |= {"job_id": job_id, "text": chunk["text"]}
            yield Document(id=f"{job_id}/{chunk['id']}", page_content=chunk["contextualized_text"], metadata=metadata)


if __name__ == "__main__":
    for document in load(sys.argv[1], "job"):
        print(document.id, document.metadata["page_numbers"], repr(document.page_content[:60]))
