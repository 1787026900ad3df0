import Testing

@testable import TenancyPostgres

/// Without a server: connections are numbers, and who waits is a name.
@Suite struct PoolStateTests {
  private typealias State = PoolState<Int, String>

  /// `idle 1`, `open`; `nil` is a request that has to wait.
  private func text(_ grant: State.Grant?) -> String? {
    switch grant {
    case .idle(let number): "idle \(number)"
    case .open: "open"
    case nil: nil
    }
  }

  /// `ann: 1`, `open 7`, `close 1`, or nothing.
  private func text(_ next: State.Next) -> String {
    switch next {
    case .lend(let number, let waiter): "\(waiter): \(number)"
    case .open(let ticket): "open \(ticket)"
    case .close(let number): "close \(number)"
    case .nothing: ""
    }
  }

  /// A pool of which everything is lent, and a queue.
  private func busy(size: Int, waiting names: String...) throws -> (state: State, tickets: [Int]) {
    var state = State(size: size)
    for _ in 0..<size { #expect(text(try state.request()) == "open") }
    let tickets = names.map { state.queue($0) }
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
    #expect(text(state.giveBack(1)) == "ann: 1")
    // Neither between two waiters nor behind them is there anything for a new request.
    #expect(text(try state.request()) == nil)
    _ = state.queue("dan")
    #expect(["ben", "cat", "dan"].allSatisfy { text(state.giveBack(1)) == "\($0): 1" })
    #expect(text(state.giveBack(1)) == "")
  }

  @Test func whoLeavesCostsTheNextOneNothing() throws {
    var (state, tickets) = try busy(size: 1, waiting: "ann", "ben", "cat")
    #expect(state.leave(tickets[0]) == "ann")
    #expect(state.leave(tickets[0]) == nil)
    #expect(state.leave(tickets[1]) == "ben")
    #expect(text(state.giveBack(1)) == "cat: 1")
    #expect(state.leave(tickets[2]) == nil, "cat has it already")
  }

  @Test func aBrokenConnectionFreesItsPlace() throws {
    var (state, tickets) = try busy(size: 2, waiting: "ann")
    #expect(text(state.giveBack(nil)) == "open \(tickets[0])")
    #expect(text(state.opened(3, for: tickets[0])) == "ann: 3")
    #expect(text(state.giveBack(nil)) == "")
    #expect(text(try state.request()) == "open")
    #expect(text(try state.request()) == nil)
  }

  /// The server lets the second one in only when the first one ends.
  @Test func whoWaitsForAnOpeningTakesWhatComesBack() throws {
    var state = try busy(size: 2).state
    let ann = state.queue("ann", hasOpening: true)
    _ = state.queue("ben")
    #expect(text(state.giveBack(1)) == "ann: 1")
    // What was opened for ann is the next one's.
    #expect(text(state.opened(2, for: ann)) == "ben: 2")
    #expect(text(state.giveBack(1)) == "" && text(state.giveBack(2)) == "")
    #expect(state.close().idle == [1, 2])
  }

  /// Otherwise each request would be one more that the server refuses.
  @Test func afterARefusalThePoolMakesDo() throws {
    let now = ContinuousClock.now
    var state = State(size: 4)
    for _ in 0..<3 { #expect(text(try state.request(at: now)) == "open") }
    let ann = state.queue("ann", hasOpening: true)
    let refused = state.refused(for: ann, staying: false, at: now)
    #expect(refused.waiter == "ann" && text(refused.next) == "")
    #expect(text(try state.request(at: now + .seconds(4))) == nil)
    #expect(text(try state.request(at: now + .seconds(6))) == "open")
    _ = state.refused(for: ann, staying: false, at: now + .seconds(6))
    for _ in 0..<2 { _ = state.giveBack(nil) }
    #expect(text(try state.request(at: now + .seconds(6))) == "open", "there is none that could come back")
  }

  /// One refusal is not one for all who wait: those that are lent come back.
  @Test func whoIsRefusedWaitsForTheOthers() throws {
    var (state, tickets) = try busy(size: 4, waiting: "ben")
    let ann = state.queue("ann", hasOpening: true)
    let refused = state.refused(for: ann, staying: true)
    #expect(refused.waiter == nil && text(refused.next) == "")
    #expect(text(state.giveBack(1)) == "ben: 1")
    #expect(text(state.giveBack(1)) == "ann: 1")
    // Without others there is nothing to wait for.
    for _ in 0..<2 { _ = state.giveBack(nil) }
    tickets = [state.queue("eve", hasOpening: true)]
    #expect(state.refused(for: tickets[0], staying: true).waiter == "eve")
  }

  @Test func onlyOneIsOpenedForARequest() throws {
    var state = try busy(size: 3).state
    _ = state.queue("ann", hasOpening: true)
    let ben = state.queue("ben")
    #expect(text(state.giveBack(nil)) == "open \(ben)")
    #expect(text(state.giveBack(nil)) == "", "one is being opened for each")
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
  @Test(arguments: 0..<20, [false, true]) func anyOrder(seed: UInt64, isStaying: Bool) throws {
    var random = Congruential(state: seed)
    var state = State(size: 3)
    var (lent, idle) = (0, 0)
    var (queue, openings): ([Int], [Int]) = ([], [])
    var now = ContinuousClock.now
    /// A connection comes, or none, and the longest waiter gets it unless it was opened for another one.
    func follow(_ next: State.Next, hasConnection: Bool, openedFor ticket: Int? = nil) {
      let place = ticket.flatMap(queue.firstIndex) ?? 0
      switch next {
      case .lend(_, let waiter):
        #expect(waiter == "\(queue.remove(at: place))")
        lent += 1
      case .open(let ticket):
        #expect(queue.contains(ticket) && !openings.contains(ticket))
        openings.append(ticket)
      case .nothing: if hasConnection { idle += 1 }
      case .close: Issue.record("it is not closed")
      }
    }
    for _ in 0..<1000 {
      switch Int.random(in: 0..<12, using: &random) {
      case 0...3:
        now += .seconds(3)
        let grant = try state.request(at: now)
        if case .idle = grant {
          (idle, lent) = (idle - 1, lent + 1)
        } else {
          queue.append(state.queue(hasOpening: grant != nil))
          if grant != nil { openings.append(queue[queue.count - 1]) }
        }
      case 4 where !queue.isEmpty:
        let gone = queue.remove(at: Int.random(in: 0..<queue.count, using: &random))
        #expect(state.leave(gone) == "\(gone)")
      case 5...8 where lent > 0:
        lent -= 1
        let isSound = Bool.random(using: &random)
        follow(state.giveBack(isSound ? 1 : nil), hasConnection: isSound)
      case 9... where !openings.isEmpty:
        let ticket = openings.remove(at: Int.random(in: 0..<openings.count, using: &random))
        if Bool.random(using: &random) {
          follow(state.opened(1, for: ticket), hasConnection: true, openedFor: ticket)
        } else {
          let stays = isStaying && lent + openings.count > 0
          let refused = state.refused(for: ticket, staying: isStaying, at: now)
          #expect(refused.waiter == (!stays && queue.contains(ticket) ? "\(ticket)" : nil))
          if !stays { queue.removeAll { $0 == ticket } }
          follow(refused.next, hasConnection: false)
        }
      default: break
      }
      let taken = lent + openings.count
      #expect(taken + idle <= 3 && (queue.isEmpty || idle == 0))
      #expect(taken > 0 || queue.isEmpty, "it waits for nothing")
    }
    #expect(state.close().idle.count == idle)
  }
}

extension PoolState<Int, String> {
  /// Queues a request, by default under its ticket. Returns the ticket.
  fileprivate mutating func queue(_ name: String? = nil, hasOpening: Bool = false) -> Ticket {
    let ticket = ticket()
    wait(ticket, name ?? "\(ticket)", hasOpening: hasOpening)
    return ticket
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
