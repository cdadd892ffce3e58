package iommulab.engine.traffic;

import iommulab.engine.memory.AddressRange;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/// All devices that do DMA, taking turns by weight. The same sources with the same seeds make the same
/// requests.
///
/// For each request: [#next] fills a slot, the machine carries it out, [#finish] tells the device how it
/// ended. Neither allocates. Not thread-safe: one engine thread owns it.
public final class TrafficMix {
    private static final long HASH_STEP = 0x9e37_79b9_7f4a_7c15L;

    private final List<Active> sources = new ArrayList<>();
    private Active[] round = {};
    private int turn;

    /// A source at work.
    private static final class Active {
        private final TrafficSource source;
        private final Optional<AddressRange> peerBar;
        private final Generator generator;
        private long served;
        private long errors;

        Active(TrafficSource source, Optional<AddressRange> peerBar) {
            this.source = source;
            this.peerBar = peerBar;
            this.generator = generator(source, peerBar);
        }

        private static Generator generator(TrafficSource source, Optional<AddressRange> peerBar) {
            return switch (source.pattern()) {
                case Pattern.Sequential pattern -> new PlainGenerator(source, pattern);
                case Pattern.Uniform pattern -> new PlainGenerator(source, pattern);
                case Pattern.Zipf pattern -> new PlainGenerator(source, pattern);
                case Pattern.Stride pattern -> new PlainGenerator(source, pattern);
                case Pattern.NicRing pattern -> new NicGenerator(source, pattern);
                case Pattern.NvmePrp pattern -> new NvmeGenerator(source, pattern);
                case Pattern.PeerToPeer _ -> new PlainGenerator(source, peerBar.orElseThrow());
                case Pattern.Msi pattern -> new PlainGenerator(source, pattern);
            };
        }
    }

    /// Nobody does DMA.
    public TrafficMix() {}

    // ---- who takes part

    /// Adds a source, or replaces the one with the same id. The new one starts from its seed; a new round
    /// of turns begins.
    ///
    /// @param peerBar for [Pattern.PeerToPeer], where the BAR lies (`Fabric.bar`); else empty
    /// @throws SourceRefused (EINVAL, ERANGE) the pattern cannot be carried out, (ENXIO) the peer has no
    ///     such BAR
    public void set(TrafficSource source, Optional<AddressRange> peerBar) throws SourceRefused {
        SourceLimits.require(source, peerBar);
        sources.removeIf(active -> active.source.id() == source.id());
        sources.add(new Active(source, peerBar));
        sources.sort(Comparator.comparingInt(active -> active.source.id()));
        newRound();
    }

    /// @return whether there was a source of that id
    public boolean remove(int id) {
        boolean removed = sources.removeIf(active -> active.source.id() == id);
        if (removed) {
            newRound();
        }
        return removed;
    }

    /// By id.
    public List<TrafficSource> sources() {
        return sources.stream().map(active -> active.source).toList();
    }

    public boolean isEmpty() {
        return sources.isEmpty();
    }

    /// Requests that a source has made, 0 if there is no such source.
    public long served(int id) {
        return count(id, active -> active.served);
    }

    /// Requests of a source that it takes for errors, 0 if there is no such source: those that were
    /// stopped, and descriptors that name nothing.
    public long errors(int id) {
        return count(id, active -> active.errors);
    }

    private long count(int id, ToLongFunction<Active> counter) {
        return sources.stream().filter(active -> active.source.id() == id).mapToLong(counter).sum();
    }

    private void newRound() {
        turn = 0;
        int[] weights = sources.stream().mapToInt(active -> active.source.weight()).toArray();
        int[] order = Turns.round(weights);
        round = new Active[order.length];
        for (int i = 0; i < order.length; i++) {
            round[i] = sources.get(order[i]);
        }
    }

    // ---- requests

    /// Fills a slot with the next request of whoever has the turn.
    ///
    /// @throws IllegalStateException if there is no source
    public void next(DmaSlot slot) {
        if (round.length == 0) {
            throw new IllegalStateException("no source, no request");
        }
        var active = round[turn];
        slot.source = active.source.id();
        active.generator.next(slot);
    }

    /// Takes note of how the request of [#next] ended, and hands the turn on.
    ///
    /// @param reached whether it was carried out (if not: a fault, or blocked); a read then has its words
    ///     in the slot
    public void finish(DmaSlot slot, boolean reached) {
        var active = round[turn];
        active.served++;
        if (active.generator.finish(slot, reached)) {
            active.errors++;
        }
        turn = turn + 1 == round.length ? 0 : turn + 1;
    }

    // ---- going back

    /// All sources at one instant.
    public static final class Checkpoint {
        private final List<Kept> kept;
        private final int turn;

        private Checkpoint(TrafficMix mix) {
            kept = mix.sources.stream().map(Kept::new).toList();
            turn = mix.turn;
        }

        private record Kept(Active active, long[] state, long served, long errors) {
            Kept(Active active) {
                this(active, active.generator.state.clone(), active.served, active.errors);
            }
        }
    }

    public Checkpoint checkpoint() {
        return new Checkpoint(this);
    }

    /// Makes the sources what they were. The same checkpoint can be restored again.
    public void restore(Checkpoint then) {
        sources.clear();
        for (var kept : then.kept) {
            var active = new Active(kept.active.source, kept.active.peerBar);
            System.arraycopy(kept.state, 0, active.generator.state, 0, kept.state.length);
            active.served = kept.served;
            active.errors = kept.errors;
            sources.add(active);
        }
        newRound();
        turn = then.turn;
    }

    /// Hash of all that decides what comes next, and of the counters.
    public long stateHash() {
        long hash = turn;
        for (var active : sources) {
            hash = mix(hash, active.source.hashCode());
            hash = mix(hash, active.served);
            hash = mix(hash, active.errors);
            for (long word : active.generator.state) {
                hash = mix(hash, word);
            }
        }
        return hash;
    }

    private static long mix(long hash, long word) {
        long mixed = (hash ^ word) * HASH_STEP;
        return mixed ^ mixed >>> 32;
    }
}
