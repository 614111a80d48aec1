"""What the documents say, in six languages: parts of sentences, headings, labels."""
