package iommulab.engine.iommu;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits.Table;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

class TableVisitsTest {
    private static final long RAM = 1 << 20;
    private static final Structure WORD =
            new Structure.Builder("Word", 1).value(0, 63, 0, "all", "0x%x"::formatted).build();

    private final PhysicalMemory memory =
            new PhysicalMemory(
                    new AddressMap(
                            List.of(
                                    new Region(
                                            AddressRange.of(0, RAM),
                                            RegionKind.RAM,
                                            "System RAM",
                                            Optional.empty()))));
    private final List<TableUse> told = new ArrayList<>();
    private final TableVisits visits = new TableVisits(memory, told::add);

    private static Table table(String kind, long address, long bytes) {
        return new Table(kind, address, bytes, 8, kind, -1, "a register", Entries.of(WORD));
    }

    @Test
    void aTableThatLiesInOnePieceIsToldAsOne() {
        visits.tell(table("large", 0x4000, 0x10000));
        assertThat(told).hasSize(1);
        assertThat(told.getFirst().hpa()).isEqualTo(0x4000);
        assertThat(told.getFirst().bytes()).isEqualTo(0x10000);
    }

    @Test
    void aTableScatteredBehindASecondStageIsToldInPieces() {
        // The third of four pages lies elsewhere.
        visits.tell(
                table("scattered", 0x8000, 0x4000), gpa -> gpa >>> 12 == 0xa ? gpa + 0x50000 : gpa);
        assertThat(told).extracting(TableUse::hpa).containsExactly(0x8000L, 0x5a000L, 0xb000L);
        assertThat(told).extracting(TableUse::bytes).containsExactly(0x2000, 0x1000, 0x1000);
        assertThat(told).extracting(TableUse::firstEntry).containsExactly(0, 1024, 1536);
        memory.write64(0x5a008, 7);
        var found = new ArrayList<String>();
        told.get(1)
                .forEachEntry(
                        memory, (index, hpa, _) -> found.add("%d 0x%x".formatted(index, hpa)));
        assertThat(found).containsExactly("1025 0x5a008");
    }

    @Test
    void aPageThatTheSecondStageDoesNotMapIsLeftOut() {
        visits.tell(table("torn", 0x8000, 0x3000), gpa -> gpa >>> 12 == 9 ? -1 : gpa);
        assertThat(told).extracting(TableUse::hpa).containsExactly(0x8000L, 0xa000L);
    }

    @Test
    void aTableEndsWhereMemoryEnds() {
        visits.tell(table("long", RAM - 0x2000, 0x10000));
        assertThat(told).extracting(TableUse::bytes).containsExactly(0x2000);
    }

    @Test
    void aPointerToNowhereLeadsToNoTable() {
        assertThat(visits.tell(table("lost", RAM, 0x1000))).isEmpty();
        assertThat(visits.tell(table("lost", -4096, 0x1000))).isEmpty();
        assertThat(visits.tell(table("lost", 0x1000, 0x1000), _ -> -1)).isEmpty();
        assertThat(told).isEmpty();
    }

    @Test
    void aTableIsToldOnceOfAKind() {
        assertThat(visits.tell(table("one", 0x1000, 0x1000))).hasSize(1);
        assertThat(visits.tell(table("one", 0x1000, 0x1000))).isEmpty();
        assertThat(visits.tell(table("another", 0x1000, 0x1000))).hasSize(1);
    }

    @Test
    void aMemoryOfTablesWithoutEndHasAnEnd() {
        for (long kind = 0; kind < 3000; kind++) {
            visits.tell(table("kind " + kind, 0, RAM));
        }
        assertThat(told.stream().mapToLong(TableUse::bytes).sum()).isLessThanOrEqualTo(512L << 20);
    }

    @Test
    void entriesOfAPartAreThoseThatBeginInIt() {
        for (long at = 0x1000; at < 0x1040; at += 8) {
            memory.write64(at, at);
        }
        visits.tell(table("part", 0x1000, 0x1000));
        var found = new ArrayList<Integer>();
        told.getFirst().forEachEntry(memory, 0x10, 0x20, (index, _, _) -> found.add(index));
        assertThat(found).containsExactly(2, 3);
    }
}
