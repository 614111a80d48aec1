"""Prints the LlamaIndex nodes of a chunks.jsonl: llama_index_chunks.py FILE"""
import json
import sys

from llama_index.core.schema import TextNode


def load(path, job_id):
    with open(path, encoding="utf-8") as lines:
        for chunk in map(json.loads, lines):
            metadata = {key: chunk.get(key, []) for key in ("headings", "page_numbers", "element_ids", "regions")}
            metadata |= {"job_id": job_id, "text": chunk["text"]}
            # The headings stand in the text already: no metadata is to be embedded or shown to a model with it.
            hidden = {"excluded_embed_metadata_keys": list(metadata), "excluded_llm_metadata_keys": list(metadata)}
            yield TextNode(id_=f"{job_id}/{chunk['id']}", text=chunk["contextualized_text"], metadata=metadata, **hidden)


if __name__ == "__main__":
    for node in load(sys.argv[1], "job"):
        print(node.node_id, node.metadata["page_numbers"], repr(node.get_content()[:60]))
