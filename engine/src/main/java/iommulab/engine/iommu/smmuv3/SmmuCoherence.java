package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot.Staleness;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// Compares cached entries with memory: an entry that no longer agrees is stale, and some invalidation is
/// missing. A translation is compared with what the stream for which it was walked would get now; if that
/// stream has other tags meanwhile, nobody can say. Nothing of this happens while a request is translated.
final class SmmuCoherence {
    private final SmmuUnit unit;
    private final SmmuUnit uncached;

    /// @param uncached that changes nothing in memory
    SmmuCoherence(SmmuUnit unit, SmmuUnit uncached) {
        this.unit = unit;
        this.uncached = uncached;
    }

    /// Takes over the registers as they are now.
    void begin() {
        uncached.follow(unit);
    }

    // ---- configuration

    Optional<Staleness> ofStream(int stream, StreamContext cached) {
        var command = SmmuCommand.configStream(stream, false);
        if (cached.kind() == StreamContext.Kind.UNREAD) {
            return stale(cached.stream().equals(uncached.streamOf(stream)), command);
        }
        return ofContext(cached, uncached.contextOf(stream, -1), command);
    }

    Optional<Staleness> ofDescriptor(int stream, int substream, StreamContext cached) {
        return ofContext(
                cached,
                uncached.contextOf(stream, substream),
                SmmuCommand.configDescriptor(stream, substream, true));
    }

    private static Optional<Staleness> stale(boolean agrees, SmmuCommand command) {
        return agrees
                ? Optional.empty()
                : Optional.of(new Staleness("another stream table entry", command.toString()));
    }

    private Optional<Staleness> ofContext(
            StreamContext cached, @Nullable StreamContext fresh, SmmuCommand command) {
        if (fresh != null && cached.isMadeOf(fresh)) {
            return Optional.empty();
        }
        return Optional.of(
                new Staleness(
                        fresh == null || fresh.kind() == StreamContext.Kind.UNREAD
                                ? uncached.walks().stop().fault().kernelText()
                                : "domain %d, table at 0x%x"
                                        .formatted(
                                                fresh.domain(unit.capabilities()),
                                                fresh.firstTable()),
                        command.toString()));
    }

    // ---- translations

    Optional<Staleness> ofTranslation(CacheKind kind, Iotlb cache, int line) {
        int space = cache.spaceAt(line);
        long address = address(space, cache.iovaAt(line));
        var context = contextOf(cache.lines(), line, space, address);
        if (context == null) {
            return Optional.empty();
        }
        long leaf = walk(kind, context, space, address);
        long word = cache.word(line);
        if (leaf >= 0 && agree(kept(leaf), kept(word), address)) {
            return Optional.empty();
        }
        return Optional.of(
                new Staleness(
                        leaf < 0
                                ? uncached.walks().stop().fault().kernelText()
                                : pageWords(leaf, address),
                        command(space, address, true).toString()));
    }

    private static boolean agree(long leaf, long word, long address) {
        return Iotlb.hpa(leaf, address) == Iotlb.hpa(word, address)
                && Iotlb.rights(leaf) == Iotlb.rights(word)
                && Iotlb.pageShift(leaf) >= Iotlb.pageShift(word);
    }

    /// A clean page is kept without its right to be written.
    private static long kept(long word) {
        return (word & TableEntry.CLEAN) == 0 ? word : word & ~TableEntry.ANY_WRITE;
    }

    private long walk(CacheKind kind, StreamContext context, int space, long address) {
        uncached.walks().begin();
        boolean below = kind == CacheKind.NESTED || kind == CacheKind.NESTED_PAGING;
        return below || Tag.isStage2(spaces().inner(space))
                ? uncached.walks().second(context.second(), address, 0, 0, 0)
                : uncached.walks().walk(context, address, 0, 0, 0);
    }

    private static String pageWords(long leaf, long address) {
        return "0x%x, %s, pages of %d KiB"
                .formatted(
                        Iotlb.hpa(leaf, address),
                        SmmuView.rightsWords(leaf),
                        1L << Iotlb.pageShift(leaf) - 10);
    }

    // ---- paging-structure caches

    Optional<Staleness> ofTable(
            CacheKind kind, Granule granule, PagingStructureCache cache, int line) {
        int space = cache.spaceAt(line);
        long address = address(space, cache.iovaAt(line));
        var context = contextOf(cache.lines(), line, space, address);
        if (context == null) {
            return Optional.empty();
        }
        var recording = new WalkRecording();
        uncached.observe(recording);
        walk(kind, context, space, address);
        uncached.observe(WalkObserver.NONE);
        boolean first = !Tag.isStage2(spaces().inner(space));
        long regime = first ? context.half(address).regime() : context.second().regime();
        TableFormat format =
                first
                        ? new StageOneFormat(granule, false)
                        : new StageTwoFormat(granule, false, unit.capabilities());
        long entry =
                entryAt(
                        recording,
                        first ? Stage.FIRST : Stage.SECOND,
                        cache.level(),
                        format,
                        regime);
        long word = cache.word(line);
        boolean agrees =
                TableEntry.kind(entry) == TableEntry.TABLE
                        && TableEntry.address(entry) == PagingStructureCache.table(word)
                        && TableEntry.rights(entry) == PagingStructureCache.rights(word);
        return agrees
                ? Optional.empty()
                : Optional.of(
                        new Staleness(
                                tableWords(entry), command(space, address, false).toString()));
    }

    /// The descriptor of a level with the rights of all levels down to it; 0 if the walk ended above it.
    private static long entryAt(
            WalkRecording recording, Stage stage, int level, TableFormat format, long regime) {
        long rights = TableEntry.RIGHTS;
        for (var event : recording.events()) {
            if (event instanceof TableEntryRead read && read.stage() == stage) {
                long entry = format.decode(read.raw(), read.level(), regime);
                rights &= entry;
                if (read.level() == level) {
                    return entry & (rights | ~TableEntry.RIGHTS);
                }
            }
        }
        return TableEntry.NOT_PRESENT;
    }

    private static String tableWords(long entry) {
        return switch (TableEntry.kind(entry)) {
            case TableEntry.TABLE -> "table at 0x%x".formatted(TableEntry.address(entry));
            case TableEntry.LEAF -> "a block";
            case TableEntry.RESERVED -> "an address that is too wide";
            default -> "no table";
        };
    }

    // ---- tags

    private Spaces spaces() {
        return unit.caches().contexts().spaces();
    }

    /// An address of the upper half has all bits above it set.
    private long address(int space, long cached) {
        int inner = spaces().inner(space);
        boolean upper = !Tag.isStage2(inner) && Tag.isUpper(inner);
        return upper ? cached | -1L << Tag.inputBits(inner) : cached;
    }

    /// The context for which a line was made, if its tags are still the same; else null.
    private @Nullable StreamContext contextOf(
            SetAssociativeCache lines, int line, int space, long address) {
        long origin = lines.origin(line);
        var context = uncached.contextOf(Origin.stream(origin), Origin.substream(origin));
        int inner = spaces().inner(space);
        if (context == null
                || context.kind() == StreamContext.Kind.UNREAD && !Tag.isStage2(inner)) {
            return null;
        }
        var own = uncached.caches().contexts().spaces();
        int now = Tag.isStage2(inner) ? context.second().space() : context.half(address).space();
        boolean same =
                now != Tag.NO_SPACE
                        && own.owner(now) == spaces().owner(space)
                        && own.inner(now) == inner;
        return same ? context : null;
    }

    private SmmuCommand command(int space, long address, boolean leaf) {
        int vmid = spaces().owner(space);
        int inner = spaces().inner(space);
        if (StreamWorld.isHypervisor(vmid)) {
            return SmmuCommand.tlbHypervisorAddress(Tag.asid(inner), address, leaf);
        }
        return Tag.isStage2(inner)
                ? SmmuCommand.tlbIntermediate(vmid, address, leaf)
                : SmmuCommand.tlbAddress(vmid, Tag.asid(inner), address, leaf);
    }
}
