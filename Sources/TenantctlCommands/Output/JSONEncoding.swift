/// Where a value that is being encoded gets its JSON.
final class JSONPlace {
  private enum Content {
    case value(JSON)
    case array([JSONPlace])
    case object([String: JSONPlace])
  }

  private var content = Content.value(.null)
  /// Whether the keys are data, as a dictionary's are, and stay as they are.
  private var keysAreData = false

  /// What has been put there.
  var value: JSON {
    switch content {
    case .value(let value): value
    case .array(let places): .array(places.map(\.value))
    case .object(let places): .object(places.mapValues(\.value))
    }
  }

  func put(_ value: some Encodable) throws {
    switch value {
    case let value as JSON: content = .value(value)
    case let value as String: content = .value(.string(value))
    case let value as Bool: content = .value(.boolean(value))
    case let value as any BinaryInteger: content = .value(.literal("\(value)"))
    case let value as Double: content = .value(value.isFinite ? .literal("\(value)") : .string("\(value)"))
    // A script of a hundred thousand lines needs no place for each.
    case let value as [String]: content = .value(.array(value.map(JSON.string)))
    default:
      keysAreData = value is any DictionaryWithStringKeys
      try value.encode(to: JSONEncoding(place: self))
      // What is complete needs no places any more: of ten thousand tenants they would take more memory than the rest.
      content = .value(self.value)
    }
  }

  func putNull() { content = .value(.null) }

  fileprivate func becomeArray() {
    if case .array = content { return }
    content = .array([])
  }

  fileprivate func becomeObject() {
    if case .object = content { return }
    content = .object([:])
  }

  fileprivate var count: Int { if case .array(let places) = content { places.count } else { 0 } }

  fileprivate func addPlace() -> JSONPlace {
    guard case .array(var places) = content else { return self }
    content = .value(.null)  // So that `places` is not shared, and grows where it is.
    let place = JSONPlace()
    places.append(place)
    content = .array(places)
    return place
  }

  fileprivate func place(for key: any CodingKey) -> JSONPlace {
    guard case .object(var places) = content else { return self }
    content = .value(.null)
    let place = JSONPlace()
    places[keysAreData ? key.stringValue : Self.snakeCase(key.stringValue)] = place
    content = .object(places)
    return place
  }

  /// `durationMs` is `duration_ms`.
  private static func snakeCase(_ key: String) -> String {
    var (snake, follows) = ("", false)
    for character in key {
      if character.isUppercase && follows { snake += "_" }
      follows = !character.isUppercase && character != "_"
      snake += character.lowercased()
    }
    return snake
  }
}

private protocol DictionaryWithStringKeys {}
extension Dictionary: DictionaryWithStringKeys where Key == String {}

extension JSON: Encodable {
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(self)
  }
}

/// Swift's protocol for encoding, over a ``JSONPlace``. The generic methods stand for all of the protocol's: what a
/// value of which type becomes is decided in one place.
private struct JSONEncoding: Encoder, SingleValueEncodingContainer {
  let place: JSONPlace
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    place.becomeObject()
    return KeyedEncodingContainer(Keyed(place: place))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    place.becomeArray()
    return Unkeyed(place: place)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }
  func encodeNil() { place.putNull() }
  func encode<T: Encodable>(_ value: T) throws { try place.put(value) }

  private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let place: JSONPlace
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) { place.place(for: key).putNull() }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try place.place(for: key).put(value) }
    /// A script finds every key in its place: what is not there is null. The types for which the protocol has a method of
    /// its own, which would leave the key out, need one here.
    func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try putOrNull(value, key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws { try putOrNull(value, key) }
    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try putOrNull(value, key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try putOrNull(value, key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try putOrNull(value, key) }
    private func putOrNull<T: Encodable>(_ value: T?, _ key: Key) throws {
      if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
      -> KeyedEncodingContainer<Nested>
    { JSONEncoding(place: place.place(for: key)).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      JSONEncoding(place: place.place(for: key)).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { JSONEncoding(place: place) }
    func superEncoder(forKey key: Key) -> any Encoder { JSONEncoding(place: place.place(for: key)) }
  }

  private struct Unkeyed: UnkeyedEncodingContainer {
    let place: JSONPlace
    var codingPath: [any CodingKey] { [] }
    var count: Int { place.count }

    func encodeNil() { place.addPlace().putNull() }
    func encode<T: Encodable>(_ value: T) throws { try place.addPlace().put(value) }
    func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
      JSONEncoding(place: place.addPlace()).container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
      JSONEncoding(place: place.addPlace()).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { JSONEncoding(place: place.addPlace()) }
  }
}
