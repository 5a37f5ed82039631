"""All of the audio search that needs no Jina: decoding, encoders, store, retrieval, ranking."""
