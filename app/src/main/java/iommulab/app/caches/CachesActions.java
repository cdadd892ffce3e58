package iommulab.app.caches;

import iommulab.app.caches.CachesModel.Stale;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.CacheSnapshot.Line;
import iommulab.engine.os.Invalidation;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Unit;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// Which invalidations can be sent to an IOMMU. Pure.
final class CachesActions {
    private static final long PAGE = 4096;
    private static final int NO_PASID = -1;

    private CachesActions() {}

    /// The commands that remove all stale entries, none twice.
    static List<Command> missing(Unit unit, List<Stale> stale) {
        var commands = new LinkedHashSet<Command>();
        for (var entry : stale) {
            commands.add(command(unit, removing(entry.cache(), entry.line())));
        }
        return List.copyOf(commands);
    }

    /// The narrowest invalidation that removes an entry.
    static Invalidation removing(CacheSnapshot cache, Line line) {
        return switch (cache.kind()) {
            case DEVICE_ENTRY ->
                    new Invalidation.ContextDevice(line.domain(), (int) line.key() & 0xffff, 0);
            case IOTLB -> new Invalidation.IotlbPage(line.domain(), line.key() * PAGE, mask(line));
            case DEVICE_TLB ->
                    new Invalidation.DeviceTlb(
                            cache.level(), line.domain(), line.key() * PAGE, mask(line));
            // Their entries cover too much for a page-selective invalidation to be sure of them.
            case PAGING_STRUCTURE, PASID_ENTRY, NESTED, NESTED_PAGING ->
                    new Invalidation.IotlbDomain(line.domain());
        };
    }

    private static int mask(Line line) {
        return Long.numberOfTrailingZeros(Math.max(PAGE, line.coveredBytes()) / PAGE);
    }

    static Command command(Unit unit, Invalidation what) {
        return new Command.Invalidate(unit.name(), what, unit.queue().isPresent());
    }

    /// What the menu offers, with its words.
    static SequencedMap<String, Invalidation> menu(Unit unit, MachineSnapshot machine) {
        var items = new LinkedHashMap<String, Invalidation>();
        items.put("Context cache, all", new Invalidation.ContextGlobal());
        items.put("IOTLB, all", new Invalidation.IotlbGlobal());
        for (var device : unit.devices()) {
            items.put(
                    "TLB of %s, all".formatted(device.requester()),
                    new Invalidation.DeviceTlb(
                            device.requester().raw(), NO_PASID, 0, Invalidation.ALL_PAGES));
        }
        var tags = new LinkedHashMap<Integer, String>();
        machine.domains().stream()
                .filter(d -> d.unit().equals(unit.name()))
                .forEach(d -> tags.putIfAbsent(d.tag(), d.name()));
        for (Map.Entry<Integer, String> tag : tags.entrySet()) {
            items.put(
                    "IOTLB, domain tag %d  (%s)".formatted(tag.getKey(), tag.getValue()),
                    new Invalidation.IotlbDomain(tag.getKey()));
            items.put(
                    "Context cache, domain tag %d  (%s)".formatted(tag.getKey(), tag.getValue()),
                    new Invalidation.ContextDomain(tag.getKey()));
        }
        return items;
    }
}
