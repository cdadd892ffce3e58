package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.vtd.VtdCapabilities;
import iommulab.engine.session.FrameView.Place;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MemoryLookTest {
    private ArchitectureBench bench;
    private int domain;

    @BeforeEach
    void aDeviceInADomain() throws CommandRefused {
        var legacy = VtdCapabilities.EVERYTHING;
        bench = new ArchitectureBench(IommuUnit.of("dmar0", 0, legacy.cap(), legacy.ecap()));
        domain =
                bench.created(
                        new Command.CreateDomain(
                                ArchitectureBench.DEVICE, DomainType.UNMANAGED, 4));
        bench.map(domain, 0x4000_0000L, 0x100_0000L, 0x1000, Permissions.READ);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
    }

    @Test
    void theRootTableLeadsToEveryTableOfTheDomain() {
        var places = MemoryLook.places(bench.machine);
        assertThat(places.getFirst().what()).isEqualTo("root table");
        assertThat(places)
                .extracting(Place::what)
                .contains(
                        "context table of bus 06",
                        "level 4 table of domain " + domain,
                        "level 1 table of domain " + domain);
    }

    @Test
    void aFrameIsShownAsWhatHardwareTakesItFor() {
        var leafTable =
                MemoryLook.places(bench.machine).stream()
                        .filter(place -> place.what().equals("level 1 table of domain " + domain))
                        .findFirst()
                        .orElseThrow();
        var frame = MemoryLook.frame(bench.machine, leafTable.hpa() + 0x123);
        assertThat(frame.hpa()).isEqualTo(leafTable.hpa());
        var part = frame.parts().getFirst();
        assertThat(part.pointedBy()).isEqualTo("level 2 table of domain " + domain);
        assertThat(bench.machine.memory.read64(part.pointer()) & -4096L & (1L << 52) - 1)
                .isEqualTo(frame.hpa());
        var entry = part.entries().getFirst();
        assertThat(entry.target()).isEqualTo(0x100_0000L);
        assertThat(entry.fields())
                .filteredOn(field -> field.name().equals("R"))
                .extracting(Field::meaning)
                .containsExactly("reads allowed");
    }

    @Test
    void anEntryThatNobodyWroteHasFieldsToo() {
        var leafTable =
                MemoryLook.places(bench.machine).stream()
                        .filter(place -> place.what().equals("level 1 table of domain " + domain))
                        .findFirst()
                        .orElseThrow();
        var entries = MemoryLook.frame(bench.machine, leafTable.hpa()).parts().getFirst().entries();
        assertThat(entries).as("entries of a table").hasSize(512);
        var last = entries.getLast();
        assertThat(last.isZero()).isTrue();
        assertThat(last.hpa()).isEqualTo(leafTable.hpa() + 4088);
        assertThat(last.target()).as("where it leads").isEqualTo(-1);
        assertThat(last.fields())
                .filteredOn(field -> field.name().equals("R"))
                .extracting(Field::meaning)
                .containsExactly("reads not allowed");
    }

    @Test
    void aDataFrameTellsWhoMapsIt() {
        assertThat(MemoryLook.frame(bench.machine, 0x100_0000L).mappings())
                .containsExactly("domain %d maps it at 0x40000000, r-".formatted(domain));
    }
}
