package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Streams of a hypervisor (STE.STRW), with and without E2H.
/// Spec: SMMUv3, "Stream Table Entry", STRW; "TLB tagging, VMIDs, ASIDs".
class HypervisorStreamsTest {
    private static final int STREAM = 0x20;
    private static final long EL2 = 2L << 30;
    private static final long IOVA = 0x1234_5000L;
    private static final long UPPER = 0xffff_8765_4321_5000L;
    private static final long PAGE = 0x5555_5000L;
    private static final long OTHER_PAGE = 0x6666_6000L;
    private static final long PAN = 1L << 40;
    private static final long WXN = 1L << 36;
    private static final long PRIVILEGED_ONLY = SmmuLab.RW & ~(1 << 6);
    private static final long READ_ONLY = 1 << 7;

    private static final CacheShapes ROOMY =
            CacheShapes.USUAL.with(CacheKind.IOTLB, new CacheGeometry(64, 16, Replacement.LRU));

    private SmmuLab lab = new SmmuLab(ROOMY);

    private void host(boolean on) {
        lab.unit
                .registers()
                .write32(
                        SmmuRegisters.CR2,
                        SmmuRegisters.RECORD_BAD_STREAMS | (on ? SmmuRegisters.HOST : 0));
    }

    /// A stream of a hypervisor with one page.
    ///
    /// @return its context descriptor
    private long hypervisor(int stream, int asid, long page, long attributes) {
        long tree = lab.table();
        long descriptor = lab.first(stream, 0, asid, tree);
        lab.memory.write64(lab.streamAt(stream) + 8, EL2);
        lab.map(tree, IOVA, page, 1, attributes);
        return descriptor;
    }

    private void change(long descriptor, long bits) {
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) | bits);
    }

    private long ask(int access) {
        return lab.unit.translate(STREAM, SmmuLab.NONE, IOVA, access);
    }

    // ---- translation

    @Test
    void thereIsOneHalfOfAddresses() {
        long descriptor = hypervisor(STREAM, 9, PAGE, SmmuLab.RW);
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) & ~SmmuLab.EPD1);
        assertThat(ask(Iommu.READ)).as("T1SZ and TG1 are not looked at").isEqualTo(PAGE);
        assertThat(lab.read(STREAM, UPPER)).isEqualTo(-SmmuFault.TRANSLATION.code());
    }

    @Test
    void withE2hTheUpperHalfHasTablesOfItsOwn() {
        host(true);
        long descriptor = hypervisor(STREAM, 9, PAGE, SmmuLab.RW);
        long upper = lab.table();
        lab.map(upper, UPPER, OTHER_PAGE, 1, SmmuLab.RW);
        long word = lab.memory.read64(descriptor) & ~SmmuLab.EPD1 | 16L << 16 | 2L << 22;
        lab.descriptor(descriptor, word, lab.memory.read64(descriptor + 8), upper);
        assertThat(lab.read(STREAM, UPPER)).isEqualTo(OTHER_PAGE);
        assertThat(ask(Iommu.READ)).isEqualTo(PAGE);
    }

    @ParameterizedTest
    @ValueSource(ints = {Iommu.READ, Iommu.WRITE, Iommu.READ | Iommu.PRIVILEGED})
    void withOnePrivilegeNobodyAsksWhoMayUseAPage(int access) {
        hypervisor(STREAM, 9, PAGE, PRIVILEGED_ONLY);
        assertThat(ask(access)).isEqualTo(PAGE);
        assertThat(ask(access)).as("from the IOTLB").isEqualTo(PAGE);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void withE2hPagesOfTheKernelAreItsOwn() {
        host(true);
        hypervisor(STREAM, 9, PAGE, PRIVILEGED_ONLY);
        assertThat(ask(Iommu.READ)).isEqualTo(-SmmuFault.PERMISSION.code());
        assertThat(ask(Iommu.READ | Iommu.PRIVILEGED)).isEqualTo(PAGE);
    }

    @Test
    void panMeansNothingWhereThereIsOnePrivilege() {
        change(hypervisor(STREAM, 9, PAGE, SmmuLab.RW), PAN);
        assertThat(ask(Iommu.READ | Iommu.PRIVILEGED)).isEqualTo(PAGE);
    }

    @Test
    void aReadOnlyPageIsNotWritten() {
        hypervisor(STREAM, 9, PAGE, SmmuLab.RW | READ_ONLY);
        assertThat(ask(Iommu.WRITE | Iommu.PRIVILEGED)).isEqualTo(-SmmuFault.PERMISSION.code());
    }

    @Test
    void bit54AloneForbidsExecution() {
        hypervisor(STREAM, 9, PAGE, SmmuLab.RW | 1L << 53);
        assertThat(ask(Iommu.READ | Iommu.EXECUTE)).isEqualTo(PAGE);
        assertThat(ask(Iommu.READ | Iommu.EXECUTE | Iommu.PRIVILEGED)).isEqualTo(PAGE);
        lab.forgetEverything();
        lab.command(SmmuCommand.tlbHypervisor());
        hypervisor(STREAM, 9, PAGE, SmmuLab.RW | 1L << 54);
        assertThat(ask(Iommu.READ | Iommu.EXECUTE | Iommu.PRIVILEGED))
                .isEqualTo(-SmmuFault.PERMISSION.code());
    }

    @Test
    void whatMayBeWrittenIsNotExecutedUnderWxn() {
        change(hypervisor(STREAM, 9, PAGE, PRIVILEGED_ONLY), WXN);
        assertThat(ask(Iommu.READ | Iommu.EXECUTE)).isEqualTo(-SmmuFault.PERMISSION.code());
        assertThat(ask(Iommu.READ)).isEqualTo(PAGE);
    }

    // ---- tags

    @Test
    void withoutE2hThereAreNoAsids() {
        hypervisor(STREAM, 9, PAGE, SmmuLab.RW);
        hypervisor(STREAM + 1, 10, OTHER_PAGE, SmmuLab.RW);
        assertThat(ask(Iommu.READ)).isEqualTo(PAGE);
        assertThat(lab.read(STREAM + 1, IOVA))
                .as("all descriptors of EL2 are taken for the same")
                .isEqualTo(PAGE);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void withE2hTheAsidTellsThemApart() {
        host(true);
        hypervisor(STREAM, 9, PAGE, SmmuLab.RW);
        hypervisor(STREAM + 1, 10, OTHER_PAGE, SmmuLab.RW);
        assertThat(ask(Iommu.READ)).isEqualTo(PAGE);
        assertThat(lab.read(STREAM + 1, IOVA)).isEqualTo(OTHER_PAGE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noTranslationCrossesFromOneWorldToAnother(boolean e2h) {
        host(e2h);
        hypervisor(STREAM, 9, PAGE, SmmuLab.GLOBAL_RW);
        long tree = lab.table();
        lab.first(STREAM + 1, 0, 9, tree);
        lab.map(tree, IOVA, OTHER_PAGE, 1, SmmuLab.GLOBAL_RW);
        assertThat(ask(Iommu.READ)).isEqualTo(PAGE);
        assertThat(lab.read(STREAM + 1, IOVA)).isEqualTo(OTHER_PAGE);
        assertThat(ask(Iommu.READ)).isEqualTo(PAGE);
    }

    // ---- what STRW means where

    @Test
    void worldsOfTheSecureStateAreIllegal() {
        hypervisor(STREAM, 9, PAGE, SmmuLab.RW);
        for (long world : new long[] {1, 3}) {
            lab.forgetEverything();
            lab.memory.write64(lab.streamAt(STREAM) + 8, world << 30);
            assertThat(ask(Iommu.READ)).isEqualTo(-SmmuFault.BAD_STREAM_ENTRY.code());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void withoutEl2StreamsTheFieldIsReserved(long world) {
        var all = SmmuCapabilities.EVERYTHING;
        lab =
                new SmmuLab(
                        new SmmuCapabilities(
                                all.idr0() & ~(1 << 9),
                                all.idr1(),
                                all.idr3(),
                                all.idr5(),
                                all.aidr()),
                        ROOMY);
        host(true);
        hypervisor(STREAM, 9, PAGE, PRIVILEGED_ONLY);
        lab.memory.write64(lab.streamAt(STREAM) + 8, world << 30);
        assertThat(ask(Iommu.READ)).isEqualTo(-SmmuFault.PERMISSION.code());
        lab.command(SmmuCommand.tlbHypervisor());
        assertThat(lab.unit.commands().error()).isEqualTo(CommandQueue.ILLEGAL);
    }

    @Test
    void withStage2TheFieldIsIgnored() {
        long second = lab.table();
        lab.map(second, IOVA, PAGE, 1, SmmuLab.RW2);
        lab.second(STREAM, 5, second);
        lab.memory.write64(lab.streamAt(STREAM) + 8, 3L << 30);
        assertThat(ask(Iommu.READ)).isEqualTo(PAGE);
        lab.command(SmmuCommand.tlbVmid(5));
        ask(Iommu.READ);
        assertThat(lab.unit.lastHit()).as("tagged with its VMID").isFalse();
    }

    // ---- commands

    private enum Kind {
        ALL,
        ASID,
        ADDRESS,
        ADDRESS_ALL_ASIDS,
        KERNELS_ALL,
        KERNELS_STAGE_1,
        KERNELS_ADDRESS
    }

    private static SmmuCommand command(Kind kind, int asid, int page) {
        long iova = IOVA + page * 0x1000L;
        return switch (kind) {
            case ALL -> SmmuCommand.tlbHypervisor();
            case ASID -> SmmuCommand.tlbHypervisorAsid(asid);
            case ADDRESS -> SmmuCommand.tlbHypervisorAddress(asid, iova, true);
            case ADDRESS_ALL_ASIDS -> SmmuCommand.tlbHypervisorAddressAllAsids(iova, true);
            case KERNELS_ALL -> SmmuCommand.tlbAll();
            case KERNELS_STAGE_1 -> SmmuCommand.tlbStage1(0);
            case KERNELS_ADDRESS -> SmmuCommand.tlbAddress(0, asid, iova, true);
        };
    }

    /// By the architecture's text. Page 0 is global.
    private static boolean covers(Kind kind, boolean e2h, int asid, int page, int own, int other) {
        return switch (kind) {
            case ALL -> true;
            case ASID -> e2h && own == asid && other != 0;
            case ADDRESS -> page == other && (!e2h || own == asid || other == 0);
            case ADDRESS_ALL_ASIDS -> page == other;
            case KERNELS_ALL, KERNELS_STAGE_1, KERNELS_ADDRESS -> false;
        };
    }

    @Property(tries = 200)
    void anInvalidationReachesWhatItCoversAndNothingElse(
            @ForAll Kind kind,
            @ForAll boolean e2h,
            @ForAll @IntRange(min = 9, max = 11) int asid,
            @ForAll @IntRange(max = 2) int page) {
        lab = new SmmuLab(ROOMY);
        host(e2h);
        // Without ASIDs there can be one address space.
        int streams = e2h ? 2 : 1;
        for (int i = 0; i < streams; i++) {
            fill(STREAM + i, 9 + i);
        }
        lab.command(command(kind, asid, page));
        for (int i = 0; i < streams; i++) {
            for (int other = 0; other < 3; other++) {
                lab.read(STREAM + i, IOVA + other * 0x1000L);
                // A global page is found by any ASID, so what one stream lost the other may have.
                boolean kept = !covers(kind, e2h, asid, page, 9 + i, other);
                if (other != 0 || i == 0) {
                    assertThat(lab.unit.lastHit())
                            .as("%s ASID %d page %d: stream %d page %d", kind, asid, page, i, other)
                            .isEqualTo(kept);
                }
            }
        }
    }

    private void fill(int stream, int asid) {
        long tree = lab.table();
        lab.first(stream, 0, asid, tree);
        lab.memory.write64(lab.streamAt(stream) + 8, EL2);
        for (int page = 0; page < 3; page++) {
            long iova = IOVA + page * 0x1000L;
            lab.map(tree, iova, PAGE + iova, 1, page == 0 ? SmmuLab.GLOBAL_RW : SmmuLab.RW);
            lab.read(stream, iova);
        }
    }

    @Test
    void aStaleLineNamesTheCommandThatRemovesIt() {
        long tree = lab.table();
        lab.first(STREAM, 0, 9, tree);
        lab.memory.write64(lab.streamAt(STREAM) + 8, EL2);
        long leaf = lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        ask(Iommu.READ);
        lab.memory.write64(leaf, 0);
        var commands =
                lab.unit.cacheSnapshots().stream()
                        .filter(cache -> cache.kind() == CacheKind.IOTLB)
                        .flatMap(cache -> cache.lines().stream())
                        .flatMap(line -> line.stale().stream())
                        .map(CacheSnapshot.Staleness::missingInvalidation);
        assertThat(commands).containsExactly("CMD_TLBI_EL2_VA ASID 0, 0x12345000, leaves only");
    }
}
