package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.ats.PageRequestInterface.Wanted;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.os.Domain;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.DmaPath.Origin;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;
import iommulab.engine.traffic.DmaSlot;
import iommulab.engine.traffic.DriverRings;
import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.SourceRefused;
import iommulab.engine.traffic.TrafficMix;
import iommulab.engine.traffic.TrafficSource;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/// The devices that do DMA: takes their requests in turn, sends each along its way, and moves the words
/// that a device itself looks at (descriptors, completions). The payload of a transfer is counted, not
/// stored.
///
/// Not thread-safe: one engine thread owns it. A run allocates only for the events that it tells.
final class Traffic {
    private static final int EVENTS_TOLD = 64;
    private static final int HIGHEST_ID = 4095;
    private static final int PAGE = 4096;

    private final Machine machine;
    private final TrafficMix mix = new TrafficMix();
    private final DmaSlot slot = new DmaSlot();
    private final Dma dma = new Dma();
    private final @Nullable Origin[] origins = new Origin[HIGHEST_ID + 1];

    Traffic(Machine machine) {
        this.machine = machine;
    }

    // ---- who sends

    List<TrafficSource> sources() {
        return mix.sources();
    }

    Map<Integer, Long> served() {
        var served = new HashMap<Integer, Long>();
        for (var source : mix.sources()) {
            served.put(source.id(), mix.served(source.id()));
        }
        return served;
    }

    /// Adds a source or replaces it; its driver posts what the device will follow.
    void set(TrafficSource source) throws CommandRefused {
        if (source.id() < 1 || source.id() > HIGHEST_ID) {
            throw new CommandRefused(
                    "EINVAL",
                    "Traffic source %d: take a number from 1 to %d."
                            .formatted(source.id(), HIGHEST_ID));
        }
        CommandRunner.function(machine, source.device());
        CommandRunner.requireTranslatable(machine, source.device());
        machine.atomically(() -> {
            try {
                mix.set(source, peerBar(source.pattern()));
                DriverRings.post(source, machine.memory, hpaOf(source.device()));
            } catch (SourceRefused refused) {
                throw new CommandRefused(refused.errno(), refused.reason());
            }
        });
        forgetWays();
    }

    private Optional<AddressRange> peerBar(Pattern pattern) throws CommandRefused {
        if (pattern instanceof Pattern.PeerToPeer(var target, int bar)) {
            CommandRunner.function(machine, target);
            return machine.wiring()
                    .fabric()
                    .bar(target, bar)
                    .map(found -> new AddressRange(found.start(), found.end()));
        }
        return Optional.empty();
    }

    /// Where the driver of a device finds its own buffers: by the mappings of the device's domain.
    private LongUnaryOperator hpaOf(PciAddress device) {
        var group = machine.wiring().grouping().groupOf(device);
        var domain = group.flatMap(g -> machine.domains.groups.domainOf(g.id()));
        if (domain.isEmpty()) {
            return iova -> iova;
        }
        return iova -> hpaOf(domain.get(), iova);
    }

    private static long hpaOf(Domain domain, long iova) {
        if (domain.identity().type() == DomainType.IDENTITY) {
            return iova;
        }
        return domain.mappingAt(iova)
                .map(mapping -> mapping.hpa() + (iova - mapping.iova()))
                .orElse(DriverRings.NOT_MAPPED);
    }

    void remove(int id) throws CommandRefused {
        if (!mix.remove(id)) {
            throw new CommandRefused(
                    "ENOENT",
                    "There is no traffic source %d. There are %s."
                            .formatted(id, mix.sources().stream().map(TrafficSource::id).toList()));
        }
    }

    /// Functions were removed: those that they were, or that they sent to, send no more.
    void dropSourcesOfMissing() {
        for (var source : mix.sources()) {
            var topology = machine.wiring().topology();
            boolean missing = topology.find(source.device()).isEmpty();
            if (source.pattern() instanceof Pattern.PeerToPeer(var target, _)) {
                missing |= topology.find(target).isEmpty();
            }
            if (missing) {
                mix.remove(source.id());
            }
        }
    }

    /// @throws CommandRefused if no device would send anything
    void requireSources() throws CommandRefused {
        if (mix.isEmpty()) {
            throw new CommandRefused(
                    "ENODATA", "No device sends anything. Add a traffic source first.");
        }
    }

    /// The tree has changed.
    void forgetWays() {
        Arrays.fill(origins, null);
    }

    // ---- requests

    /// Runs the sources for a number of requests.
    void run(long requests) throws CommandRefused {
        requireSources();
        for (long left = requests; left > 0; left--) {
            mix.next(slot);
            boolean reached = carryOut(originOf(slot.source), left <= EVENTS_TOLD);
            mix.finish(slot, reached);
        }
    }

    private Origin originOf(int source) {
        var origin = origins[source];
        if (origin == null) {
            origin = findOrigin(source);
            origins[source] = origin;
        }
        return origin;
    }

    private Origin findOrigin(int id) {
        for (var source : mix.sources()) {
            if (source.id() == id) {
                return machine.path.originOf(source.device());
            }
        }
        throw new IllegalStateException("traffic source %d has no turn".formatted(id));
    }

    /// A request is cut at page borders; its pieces go their ways on their own.
    private boolean carryOut(Origin origin, boolean tell) {
        long iova = slot.iova;
        int left = slot.bytes;
        boolean reached = true;
        long first = 0;
        while (left > 0) {
            int piece = Math.min(left, PAGE - (int) (iova & PAGE - 1));
            dma.iova = iova;
            dma.bytes = piece;
            dma.access = slot.write ? Access.WRITE : Access.READ;
            machine.path.issue(dma, origin);
            reached &= isReached(dma.outcome);
            if (left == slot.bytes) {
                first = dma.target;
            }
            if (tell) {
                machine.events.add(dma.toEvent());
            }
            iova += piece;
            left -= piece;
        }
        if (reached && slot.words > 0) {
            moveWords(first);
        }
        return reached;
    }

    private static boolean isReached(DmaOutcome outcome) {
        return outcome != DmaOutcome.FAULT && outcome != DmaOutcome.BLOCKED;
    }

    /// Words that a device looks at never cross a page: descriptors are aligned to their size.
    private void moveWords(long hpa) {
        for (int i = 0; i < slot.words; i++) {
            long at = hpa + (long) i * Long.BYTES;
            if (slot.write) {
                machine.memory.write64(at, slot.data[i]);
            } else {
                slot.data[i] = machine.memory.read64(at);
            }
        }
    }

    /// One request of one function.
    DmaEvent issueOne(Command.IssueDma request) {
        var event = DeviceCommands.issue(machine, dma, request);
        if (request.data().isPresent() && isReached(dma.outcome) && !dma.served) {
            machine.memory.write32(dma.target, dma.data);
        }
        dma.prefix = PasidPrefix.NONE;
        dma.data = 0;
        machine.events.add(event);
        return event;
    }

    /// A function asks for pages; what the IOMMU records of that are faults of the function.
    ///
    /// @return the group, or nothing if the function may not ask now
    Optional<Integer> requestPages(DeviceTlbs.Member member, List<Wanted> wanted, Access access) {
        var pages = member.device().pages();
        var group = pages.ask(wanted);
        if (group.isPresent()) {
            dma.begin();
            dma.tick = machine.counters().requests();
            dma.device = member.function();
            dma.requester = member.requester();
            dma.iova = wanted.getFirst().iova();
            dma.access = access;
            dma.prefix = wanted.getFirst().prefix();
            pages.refusals()
                    .forEach(reason -> machine.path.pageRefused(dma, member.unit(), reason));
            dma.prefix = PasidPrefix.NONE;
        }
        return group;
    }

    // ---- going back

    TrafficMix.Checkpoint checkpoint() {
        return mix.checkpoint();
    }

    void restore(TrafficMix.Checkpoint then) {
        mix.restore(then);
        forgetWays();
    }

    void addTo(Fingerprint hash) {
        hash.add(mix.stateHash());
    }
}
