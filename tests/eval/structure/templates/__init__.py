"""The kinds of document. Each makes the parts, the look and the furniture of one document out of what chance gives."""
