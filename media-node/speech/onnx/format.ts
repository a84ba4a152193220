/** The numbers of ONNX's protocol buffers, as far as they are used here: fields of messages, and types of values. */

export const Field = {
  Model: { irVersion: 1, producer: 2, graph: 7, opset: 8 },
  Opset: { version: 2 },
  Graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12 },
  Node: { input: 1, output: 2, name: 3, opType: 4, attribute: 5 },
  Attribute: { name: 1, int: 3, string: 4, graph: 6, type: 20 },
  Tensor: { dims: 1, dataType: 2, name: 8, rawData: 9 },
  ValueInfo: { name: 1, type: 2 },
  Type: { tensor: 1 },
  TensorType: { elementType: 1, shape: 2 },
  Shape: { dimension: 1 },
  Dimension: { size: 1, symbol: 2 },
} as const;

export const DataType = { float: 1, int16: 5, int32: 6, int64: 7 } as const;

export const AttributeType = { int: 2, string: 3 } as const;
