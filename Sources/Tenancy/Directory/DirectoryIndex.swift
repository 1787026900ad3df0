/// The registry in memory: tenants by key and name, and hosts. About 100 bytes for a tenant with a domain.
///
/// A tenant's key is what its domains refer to it by: see ``RegistryShape/linkedKey``. A key that domains have and no tenant does
/// stands here without a tenant.
struct DirectoryIndex: Sendable {
  private typealias Span = TextIndex.Span

  private struct Record: Sendable {
    let key: Span
    var id = Span.none
    /// None if no tenant has the key.
    var name = Span.none
    var schema = Span.none
    var isActive = false
    /// Whether several active tenants have the key: it leads to none of them.
    var isContested = false
  }

  private struct HostRecord: Sendable {
    let name: Span
    var record: UInt32
    /// Whether the row has the name in lower case.
    var isExact: Bool
    /// Whether rows of several tenants have it, so that it leads to none.
    var isContested = false
  }

  private var bytes: [UInt8] = []
  private var records: [Record] = []
  private var hosts: [HostRecord] = []
  private var byKey = TextIndex()
  private var byName = TextIndex()
  private var byHost = TextIndex()
  /// How many rows the table of tenants has.
  private(set) var tenantCount = 0
  /// How many rows the table of domains has.
  private(set) var domainCount = 0
  /// The keys of tenants of which two have one host or one name. Which one wins, only all the rows tell.
  private(set) var ambiguous: Set<DirectoryKey> = []

  /// Of a name that several records have: the one that counts, by the one that the index has; none if several are active.
  private var namesakes: [Int: Int?] = [:]

  /// An empty one.
  init() {}

  /// An empty one with space for as much as another has, so that nothing is moved while it is filled.
  init(asLargeAs other: DirectoryIndex) {
    bytes.reserveCapacity(other.bytes.count)
    records.reserveCapacity(other.records.count)
    hosts.reserveCapacity(other.hosts.count)
    byKey = TextIndex(asLargeAs: other.byKey)
    byName = TextIndex(asLargeAs: other.byName)
    byHost = TextIndex(asLargeAs: other.byHost)
  }

  /// What was found.
  struct Match {
    let key: DirectoryKey
    /// `nil` if no tenant has the key, or several have it.
    var tenant: DirectoryTenant?
    let isExact: Bool
  }

  /// The tenant of the domain; `name` is in lower case.
  func host(_ name: String) -> Match? {
    find(name, in: byHost) { hosts[$0].name }.map {
      let host = hosts[$0]
      return match(Int(host.record), isExact: host.isExact, isContested: host.isContested)
    }
  }

  /// The tenant of that name.
  func tenant(named name: String) -> Match? {
    find(name, in: byName) { records[$0].name }.map { first in
      let winner = namesakes[first] ?? first
      return match(winner ?? first, isExact: true, isContested: winner == nil)
    }
  }

  /// Adds a tenant's row. Of several with one key or name the active one counts, as ``RegistryShape/serving(_:named:)`` decides.
  mutating func add(_ tenant: DirectoryTenant, key: String) {
    tenantCount += 1
    let number = record(of: key)
    if records[number].name != .none {
      mark(number)
      if tenant.isActive && records[number].isActive { records[number].isContested = true }
      if !tenant.isActive || records[number].isActive { return }
    }
    let key = records[number].key
    let name = span(tenant.name, like: [key])
    records[number].name = name
    records[number].schema = span(tenant.schema, like: [name])
    records[number].id = tenant.id.map { span($0, like: [key]) } ?? .none
    records[number].isActive = tenant.isActive
    if let other = find(tenant.name, in: byName, by: { records[$0].name }) {
      if other == number { return }
      mark(number, other)
      let winner = namesakes[other] ?? other
      if tenant.isActive { namesakes[other] = .some(winner.flatMap { records[$0].isActive ? nil : number }) }
    } else {
      byName.add(number, in: bytes) { [records] in records[$0].name }
    }
  }

  private mutating func mark(_ numbers: Int...) {
    for number in numbers { ambiguous.insert(DirectoryKey(text(records[number].key))) }
  }

  /// Adds a domain's row; a key of `nil` is no tenant's.
  mutating func add(host: String, of key: String?) {
    domainCount += 1
    let name = Self.inLowerCase(host)
    let isExact = name.utf8.elementsEqual(host.utf8)
    let record = UInt32(record(of: key ?? ""))
    if let number = find(name, in: byHost, by: { hosts[$0].name }) {
      mark(Int(record), Int(hosts[number].record))
      if isExact && !hosts[number].isExact {
        hosts[number] = HostRecord(name: hosts[number].name, record: record, isExact: true)
      } else if isExact == hosts[number].isExact && record != hosts[number].record {
        hosts[number].isContested = true
      }
      return
    }
    hosts.append(HostRecord(name: span(name), record: record, isExact: isExact))
    byHost.add(hosts.count - 1, in: bytes) { [hosts] in hosts[$0].name }
  }

  /// In ASCII alone: other letters have a lower case in one collation and not in another, and the Kelvin sign's is a k.
  static func inLowerCase(_ host: String) -> String {
    if host.utf8.allSatisfy({ $0 < 0x80 }) { return host.lowercased() }
    return String(decoding: host.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// Whether a row has the key.
  func has(_ key: DirectoryKey) -> Bool { find(key.rawValue, in: byKey) { records[$0].key } != nil }

  private mutating func record(of key: String) -> Int {
    if let number = find(key, in: byKey, by: { records[$0].key }) { return number }
    records.append(Record(key: span(key)))
    byKey.add(records.count - 1, in: bytes) { [records] in records[$0].key }
    return records.count - 1
  }

  /// Stores a text, unless one of these is equal.
  private mutating func span(_ text: String, like others: [Span] = []) -> Span {
    if let same = others.first(where: { text.utf8.elementsEqual(bytes[$0.range]) }) { return same }
    defer { bytes.append(contentsOf: text.utf8) }
    return Span(start: UInt32(bytes.count), count: UInt32(text.utf8.count))
  }

  private func find(_ text: String, in index: TextIndex, by span: (Int) -> TextIndex.Span) -> Int? {
    var text = text
    return text.withUTF8 { index.find($0, in: bytes, by: span) }
  }

  private func text(_ span: Span) -> String { String(decoding: bytes[span.range], as: UTF8.self) }

  private func match(_ number: Int, isExact: Bool, isContested: Bool) -> Match {
    let record = records[number]
    var match = Match(key: DirectoryKey(text(record.key)), tenant: nil, isExact: isExact)
    if record.name != .none && !record.isContested && !isContested {
      match.tenant = DirectoryTenant(
        name: text(record.name), schema: text(record.schema),
        id: record.id == .none ? nil : text(record.id), isActive: record.isActive)
    }
    return match
  }
}
