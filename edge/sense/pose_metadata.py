"""NormalizationOptions written into a TFLite network, with mediapipe's own flatbuffers schema.

Promises: the same bytes for the same network, mean and std. Refuses nothing: callers hash what goes in and comes
out. Used once, when the pose model is assembled. (The ready-made writer of mediapipe 1.2.2 does not import.)
"""

from __future__ import annotations

from typing import Any, Final

import flatbuffers
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata_schema
from mediapipe.tasks.metadata import schema_py_generated as tflite_schema

_FIELD: Final = b"TFLITE_METADATA"
_METADATA_IDENTIFIER: Final = b"M001"
_TFLITE_IDENTIFIER: Final = b"TFL3"
_PARSER_VERSION: Final = b"1.0.0"


def with_normalization(network: bytes, mean: float, std: float) -> bytes:
    """``network`` with metadata that tells the runtime to feed it (x - mean) / std, x in 0..255."""
    model = tflite_schema.ModelT.InitFromObj(tflite_schema.Model.GetRootAsModel(network, 0))
    buffer = tflite_schema.BufferT()
    buffer.data = _metadata(mean, std, n_outputs=len(model.subgraphs[0].outputs))
    model.buffers.append(buffer)
    field = tflite_schema.MetadataT()
    field.name = _FIELD
    field.buffer = len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), field]
    return _packed(model, _TFLITE_IDENTIFIER)


def _metadata(mean: float, std: float, n_outputs: int) -> bytes:
    options = metadata_schema.NormalizationOptionsT()
    options.mean = [mean]
    options.std = [std]
    unit = metadata_schema.ProcessUnitT()
    unit.optionsType = metadata_schema.ProcessUnitOptions.NormalizationOptions
    unit.options = options
    picture = metadata_schema.TensorMetadataT()
    picture.processUnits = [unit]
    graph = metadata_schema.SubGraphMetadataT()
    graph.inputTensorMetadata = [picture]
    graph.outputTensorMetadata = [metadata_schema.TensorMetadataT() for _ in range(n_outputs)]
    whole = metadata_schema.ModelMetadataT()
    whole.subgraphMetadata = [graph]
    whole.minParserVersion = _PARSER_VERSION
    return _packed(whole, _METADATA_IDENTIFIER)


def _packed(table: Any, identifier: bytes) -> bytes:
    builder = flatbuffers.Builder(0)
    builder.Finish(table.Pack(builder), identifier)
    return bytes(builder.Output())
