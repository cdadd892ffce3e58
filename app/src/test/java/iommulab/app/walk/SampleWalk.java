package iommulab.app.walk;

import iommulab.app.LabMachine;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Field.Role;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Step;

import java.util.ArrayList;
import java.util.List;

/// Walks through four levels of VT-d second-stage tables, by hand.
public final class SampleWalk {
    public static final long IOVA = 0x7f3a_9c5d_2e40L;
    private static final long[] TABLES = {0x1f6e90000L, 0x2a10c4000L, 0x243d81000L, 0x243d7a000L};

    private SampleWalk() {}

    /// Root from the context cache, levels 4 and 3 saved or cached, levels 2 and 1 read.
    public static Walk reaching() {
        var steps = opening();
        steps.add(level(4, TABLES[2] | 3, GivenBy.SAVED, 0));
        steps.add(level(3, TABLES[1] | 3, GivenBy.PAGING_CACHE, 8));
        steps.add(level(2, TABLES[0] | 3, GivenBy.MEMORY, 110));
        steps.add(level(1, 0x3c27d5003L, GivenBy.MEMORY, 110));
        steps.add(end(Kind.ACCESS, "Write to memory", "64 B of System RAM at 0x3c27d5e40"));
        return walk(
                steps, new Walk.Outcome.Reached(0x3c27d5e40L, 4096, Permissions.READ_WRITE, false));
    }

    /// Level 1 lets nobody write.
    public static Walk faulting() {
        var steps = opening();
        steps.add(level(4, TABLES[2] | 3, GivenBy.MEMORY, 110));
        steps.add(level(3, TABLES[1] | 3, GivenBy.MEMORY, 110));
        steps.add(level(2, TABLES[0] | 3, GivenBy.MEMORY, 110));
        steps.add(level(1, 0, GivenBy.MEMORY, 110));
        return walk(steps, new Walk.Outcome.Faulted(LabMachine.Reason.WRITE_CLEAR, 6, true));
    }

    /// The IOTLB knows the page.
    public static Walk hitting() {
        var steps = new ArrayList<>(opening().subList(0, 2));
        steps.add(probe(GivenBy.IOTLB, "set 2, way 1", "Tag matches: the page is 0x3c27d5000."));
        steps.add(end(Kind.ACCESS, "Write to memory", "64 B of System RAM at 0x3c27d5e40"));
        return walk(
                steps, new Walk.Outcome.Reached(0x3c27d5e40L, 4096, Permissions.READ_WRITE, false));
    }

    private static Walk walk(List<Step> steps, Walk.Outcome outcome) {
        return new Walk(
                "dmar0",
                LabMachine.GPU,
                LabMachine.GPU.requesterId(),
                IOVA,
                64,
                Access.WRITE,
                PasidPrefix.NONE,
                3,
                48,
                steps,
                outcome,
                4,
                steps.stream().mapToLong(Step::cycles).sum());
    }

    private static List<Step> opening() {
        var steps = new ArrayList<Step>();
        steps.add(
                new Step(
                        Kind.ROOT_ENTRY,
                        "Root entry",
                        "bus 03",
                        0x10092000L,
                        3,
                        IndexSource.REQUESTER,
                        15,
                        8,
                        16,
                        0x10092030L,
                        List.of(0x108e4f001L, 0L),
                        List.of(
                                new Field(
                                        0,
                                        63,
                                        12,
                                        "CTP",
                                        0x108e4fL,
                                        "context table at 0x108e4f000",
                                        Role.POINTER),
                                new Field(0, 0, 0, "P", 1, "present", Role.ORDINARY)),
                        GivenBy.SAVED,
                        "",
                        0,
                        "Not read: the context cache knows the device."));
        steps.add(
                new Step(
                        Kind.DEVICE_ENTRY,
                        "Context entry",
                        "device 00, function 0",
                        0x108e4f000L,
                        0,
                        IndexSource.REQUESTER,
                        7,
                        0,
                        16,
                        0x108e4f000L,
                        List.of(TABLES[3] | 1, 0x302L),
                        List.of(
                                new Field(1, 23, 8, "DID", 3, "domain 3", Role.ORDINARY),
                                new Field(1, 2, 0, "AW", 2, "48 bits, 4 levels", Role.ORDINARY),
                                new Field(
                                        0,
                                        63,
                                        12,
                                        "SSPTPTR",
                                        TABLES[3] >>> 12,
                                        "level 4 table",
                                        Role.POINTER),
                                new Field(
                                        0,
                                        3,
                                        2,
                                        "TT",
                                        0,
                                        "untranslated requests through the tables",
                                        Role.ORDINARY),
                                new Field(0, 1, 1, "FPD", 0, "faults are recorded", Role.ORDINARY),
                                new Field(0, 0, 0, "P", 1, "present", Role.ORDINARY)),
                        GivenBy.DEVICE_CACHE,
                        "set 1, way 0",
                        4,
                        "The device belongs to domain 3, whose tables have 4 levels."));
        steps.add(probe(GivenBy.NOBODY, "set 2 of 16", "no tag matches"));
        return steps;
    }

    private static Step probe(GivenBy by, String place, String finding) {
        return new Step(
                Kind.IOTLB_PROBE,
                "IOTLB probe",
                "DID 3, page 7f3a9c5d2",
                0,
                0,
                IndexSource.NONE,
                -1,
                -1,
                0,
                0,
                List.of(),
                List.of(),
                by,
                place,
                6,
                finding);
    }

    private static Step end(Kind kind, String name, String finding) {
        return new Step(
                kind,
                name,
                "",
                0,
                0,
                IndexSource.NONE,
                -1,
                -1,
                0,
                0,
                List.of(),
                List.of(),
                GivenBy.NOBODY,
                "",
                0,
                finding);
    }

    private static Step level(int level, long raw, GivenBy by, long cycles) {
        int low = 12 + 9 * (level - 1);
        int index = (int) (IOVA >>> low & 0x1ff);
        boolean leaf = level == 1;
        boolean failing = raw == 0;
        return new Step(
                leaf ? Kind.LEAF_ENTRY : Kind.TABLE_ENTRY,
                "Level " + level,
                leaf ? "second stage, leaf" : "second stage",
                TABLES[level - 1],
                index,
                IndexSource.IOVA,
                low + 8,
                low,
                8,
                TABLES[level - 1] + 8L * index,
                List.of(raw),
                List.of(
                        new Field(
                                0,
                                51,
                                12,
                                "ADDR",
                                raw >>> 12,
                                leaf ? "page frame" : "level %d table".formatted(level - 1),
                                Role.POINTER),
                        new Field(0, 11, 11, "SNP", 0, "snooping not forced", Role.ORDINARY),
                        new Field(
                                0,
                                7,
                                7,
                                "PS",
                                0,
                                leaf ? "ignored here" : "points to a table",
                                Role.ORDINARY),
                        new Field(
                                0,
                                1,
                                1,
                                "W",
                                raw >>> 1 & 1,
                                failing ? "writes not allowed" : "writes allowed",
                                failing ? Role.OFFENDING : Role.ORDINARY),
                        new Field(
                                0,
                                0,
                                0,
                                "R",
                                raw & 1,
                                failing ? "reads not allowed" : "reads allowed",
                                Role.ORDINARY)),
                by,
                by == GivenBy.PAGING_CACHE ? "set 2, way 0" : "",
                cycles,
                failing
                        ? "W is 0 and the request writes: the walk ends here."
                        : "It points to %x; reading and writing are allowed so far."
                                .formatted(raw & ~0xfffL));
    }
}
