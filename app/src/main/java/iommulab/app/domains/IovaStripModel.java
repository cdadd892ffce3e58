package iommulab.app.domains;

import iommulab.engine.group.Group;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Mapping;

import java.util.ArrayList;
import java.util.List;

/// What lies where in the iova space of one domain. Pure.
///
/// @param mappings by iova
/// @param reserved regions that the attached groups must keep free or mapped one to one
/// @param first where the picture begins when nobody has zoomed
/// @param last where it ends
record IovaStripModel(
        int domain, List<Mapping> mappings, List<Reserved> reserved, long first, long last) {
    private static final long LEAST_SHOWN = 0x10_0000;

    record Reserved(AddressRange range, String kind) {}

    static IovaStripModel of(Domain domain, MachineSnapshot machine) {
        var reserved = new ArrayList<Reserved>();
        for (var group : machine.grouping().groups()) {
            if (group.members().stream().anyMatch(domain.attached()::contains)) {
                group.reserved().forEach(r -> reserved.add(reserved(r)));
            }
        }
        long first = 0;
        long last = LEAST_SHOWN - 1;
        if (!domain.mappings().isEmpty()) {
            first = domain.mappings().getFirst().iova();
            last = MapDraft.range(domain.mappings().getLast()).last();
            long margin = Math.max((last - first) / 16, 0x4000);
            first = Math.max(0, first - margin) & -4096;
            last = last + margin | 4095;
        }
        return new IovaStripModel(domain.id(), domain.mappings(), reserved, first, last);
    }

    private static Reserved reserved(Group.ReservedRegion region) {
        return new Reserved(new AddressRange(region.start(), region.last()), region.kind());
    }
}
