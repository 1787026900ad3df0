import Testing

@testable import TenancyPostgres

/// Without a server: connections are numbers, and who waits is a name.
@Suite struct PoolStateTests {
  private typealias State = PoolState<Int, String>

  /// `idle 1`, `returned 1`, `open`; `nil` is a request that has to wait.
  private func text(_ grant: PoolGrant<Int>?) -> String? {
    switch grant {
    case .idle(let number): "idle \(number)"
    case .returned(let number): "returned \(number)"
    case .open: "open"
    case nil: nil
    }
  }

  /// `ann: returned 1`, `close 1`, or nothing.
  private func text(_ back: State.Return) -> String {
    switch back {
    case .grant(let waiter, let grant): "\(waiter): \(text(grant) ?? "")"
    case .close(let number): "close \(number)"
    case .nothing: ""
    }
  }

  /// A pool of which everything is lent, and a queue.
  private func busy(size: Int, waiting names: String...) throws -> (state: State, tickets: [Int]) {
    var state = State(size: size)
    for _ in 0..<size { #expect(text(try state.request()) == "open") }
    let tickets = names.map { name in
      let ticket = state.ticket()
      state.wait(ticket, name)
      return ticket
    }
    return (state, tickets)
  }

  @Test func opensUpToItsSizeThenLets() throws {
    var state = State(size: 2)
    #expect(text(try state.request()) == "open")
    #expect(text(try state.request()) == "open")
    #expect(text(try state.request()) == nil)
    #expect(text(state.giveBack(1)) == "")
    #expect(text(try state.request()) == "idle 1")
  }

  /// The one used last, which the server is the least likely to have dropped.
  @Test func lendsTheLastOneFirst() throws {
    var state = try busy(size: 3).state
    for number in 1...3 { _ = state.giveBack(number) }
    #expect(text(try state.request()) == "idle 3")
  }

  @Test func firstComeFirstServed() throws {
    var (state, _) = try busy(size: 1, waiting: "ann", "ben", "cat")
    #expect(text(state.giveBack(1)) == "ann: returned 1")
    // Neither between two waiters nor behind them is there anything for a new request.
    #expect(text(try state.request()) == nil)
    state.wait(state.ticket(), "dan")
    #expect(["ben", "cat", "dan"].allSatisfy { text(state.giveBack(1)) == "\($0): returned 1" })
    #expect(text(state.giveBack(1)) == "")
  }

  @Test func whoLeavesCostsTheNextOneNothing() throws {
    var (state, tickets) = try busy(size: 1, waiting: "ann", "ben", "cat")
    #expect(state.leave(tickets[0]) == "ann")
    #expect(state.leave(tickets[0]) == nil)
    #expect(state.leave(tickets[1]) == "ben")
    #expect(text(state.giveBack(1)) == "cat: returned 1")
    #expect(state.leave(tickets[2]) == nil, "cat has it already")
  }

  @Test func aBrokenConnectionFreesItsPlace() throws {
    var (state, _) = try busy(size: 2, waiting: "ann")
    #expect(text(state.giveBack(nil)) == "ann: open")
    #expect(text(state.giveBack(nil)) == "")
    #expect(text(try state.request()) == "open")
    #expect(text(try state.request()) == nil)
  }

  /// After a restart of the server each idle connection is found broken by whoever gets it.
  @Test func brokenIdleConnections() throws {
    var state = try busy(size: 2).state
    for number in 1...2 { _ = state.giveBack(number) }
    #expect(text(try state.request()) == "idle 2")
    #expect(text(state.replacement()) == "idle 1")
    #expect(text(state.replacement()) == "open")
    #expect(text(try state.request()) == "open", "one place was used, not three")
    #expect(text(try state.request()) == nil)
  }

  @Test func closedItRefusesEverybody() throws {
    var (state, tickets) = try busy(size: 2, waiting: "ann", "ben")
    _ = state.leave(tickets[0])
    let closed = state.close()
    #expect(closed.idle.isEmpty && closed.waiting == ["ben"])
    #expect(throws: PoolError.closed) { try state.request() }
    #expect(text(state.giveBack(1)) == "close 1")
    #expect(text(state.giveBack(nil)) == "")
    #expect(state.close().idle.isEmpty)
  }

  @Test func closedItGivesTheIdleOnes() throws {
    var state = try busy(size: 2).state
    _ = state.giveBack(1)
    #expect(state.close().idle == [1])
  }

  /// Whatever happens in whatever order: never more than its size, nobody forgotten, the queue in order.
  @Test(arguments: 0..<20) func anyOrder(seed: UInt64) throws {
    var random = Congruential(state: seed)
    var state = State(size: 3)
    var (lent, idle, next) = (0, 0, 0)
    var queue: [(ticket: Int, name: String)] = []
    for _ in 0..<1000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0...3:
        if let grant = try state.request() {
          if case .idle = grant { idle -= 1 }
          lent += 1
        } else {
          #expect(lent == 3)
          next += 1
          queue.append((state.ticket(), "\(next)"))
          state.wait(queue[queue.count - 1].ticket, "\(next)")
        }
      case 4 where !queue.isEmpty:
        let gone = queue.remove(at: Int.random(in: 0..<queue.count, using: &random))
        #expect(state.leave(gone.ticket) == gone.name)
      case 5... where lent > 0:
        let isBroken = Bool.random(using: &random)
        if case .grant(let waiter, _) = state.giveBack(isBroken ? nil : 1) {
          #expect(waiter == queue.removeFirst().name)
        } else {
          #expect(queue.isEmpty)
          lent -= 1
          if !isBroken { idle += 1 }
        }
      default: break
      }
      #expect((0...3).contains(lent) && lent + idle <= 3 && (queue.isEmpty || lent == 3))
    }
    #expect(state.close().idle.count == idle)
  }
}

/// Knuth's MMIX generator: the same numbers in each run.
private struct Congruential: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state
  }
}
