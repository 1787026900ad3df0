/// Which connections a pool has, and who waits for one. It decides and does nothing itself, so that it can be tested
/// without a server.
///
/// First come, first served: a connection that comes back goes to the longest waiter, and no request overtakes one that
/// waits. While somebody waits, every connection is lent.
struct PoolState<Resource, Waiter> {
  typealias Grant = PoolGrant<Resource>

  private let size: Int
  /// Those that are lent, and those being opened.
  private var lent = 0
  private var idle: [Resource] = []
  private var waiting: [(ticket: Int, waiter: Waiter)] = []
  private var lastTicket = 0
  private(set) var isClosed = false

  var waitingCount: Int { waiting.count }

  init(size: Int) {
    self.size = size
  }

  /// What is there for a new request at once; `nil` if it has to wait. Throws ``PoolError/closed``.
  mutating func request() throws(PoolError) -> Grant? {
    if isClosed { throw .closed }
    guard lent < size else { return nil }
    lent += 1
    return replacement()
  }

  /// What its borrower gets instead of an idle connection that has turned out to be broken.
  mutating func replacement() -> Grant { idle.popLast().map(Grant.idle) ?? .open }

  /// A place in the queue's order, to be taken by ``wait(_:_:)``.
  mutating func ticket() -> Int {
    lastTicket += 1
    return lastTicket
  }

  /// Queues a request that got nothing.
  mutating func wait(_ ticket: Int, _ waiter: Waiter) {
    waiting.append((ticket, waiter))
  }

  /// Takes a request out of the queue; `nil` if it is not there (any more).
  mutating func leave(_ ticket: Int) -> Waiter? {
    waiting.firstIndex { $0.ticket == ticket }.map { waiting.remove(at: $0).waiter }
  }

  /// What follows when a borrower is done.
  enum Return {
    case grant(Waiter, Grant)
    case close(Resource)
    case nothing
  }

  /// A connection comes back; `nil` if it broke, or could not be opened.
  mutating func giveBack(_ resource: Resource?) -> Return {
    if !waiting.isEmpty {
      return .grant(waiting.removeFirst().waiter, resource.map(Grant.returned) ?? .open)
    }
    lent -= 1
    guard let resource else { return .nothing }
    if isClosed { return .close(resource) }
    idle.append(resource)
    return .nothing
  }

  /// Lends nothing any more. Returns the connections to close and the waiters to refuse.
  mutating func close() -> (idle: [Resource], waiting: [Waiter]) {
    defer { (idle, waiting, isClosed) = ([], [], true) }
    return (idle, waiting.map(\.waiter))
  }
}

/// What a request to a pool gets.
enum PoolGrant<Resource> {
  /// An idle connection. The server may have been restarted since.
  case idle(Resource)
  /// A connection that was lent until now.
  case returned(Resource)
  /// The right to open one.
  case open
}

/// Why a pool lends no connection.
package enum PoolError: Error, Sendable, Hashable {
  /// The pool was closed.
  case closed
  /// None came back within the time that a request may wait.
  case exhausted(after: Duration)
}
