package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

import java.util.List;

/// What the builder writes, the unit reads: random maps and unmaps in every granule and both stages, held
/// against a map of pages that is nothing but an array.
class SmmuTablesTest {
    private static final int STREAM = 0x20;
    private static final int PAGES = 64;
    private static final long NOT_MAPPED = -1;

    /// One call of a driver.
    ///
    /// @param to page to which the first one leads, if it maps
    record Call(boolean maps, int page, int pages, int to, Permissions permissions) {}

    @Provide
    Arbitrary<Call> calls() {
        return Combinators.combine(
                        Arbitraries.of(true, true, false),
                        Arbitraries.integers().between(0, PAGES - 1),
                        Arbitraries.integers().between(1, 8),
                        Arbitraries.integers().between(0, 100),
                        Arbitraries.of(Permissions.READ, Permissions.WRITE, Permissions.READ_WRITE))
                .as(Call::new);
    }

    private static final class Tables {
        final SmmuLab lab = new SmmuLab(CacheShapes.NONE);
        final Granule granule;
        final FrameAllocator frames =
                new FrameAllocator(AddressRange.of(0x4000_0000L, 0x1000_0000L));
        final TableBuilder builder;
        final int inputBits;
        final long[] plain = new long[PAGES];
        final boolean[] written = new boolean[PAGES];
        final long base;

        Tables(Granule granule, Stage stage, int inputBits) throws MappingRefused {
            this.granule = granule;
            this.inputBits = inputBits;
            boolean first = stage == Stage.FIRST;
            var limits =
                    first
                            ? StageOneEncoder.limits(lab.unit.capabilities(), granule, inputBits)
                            : StageTwoEncoder.limits(lab.unit.capabilities(), granule, inputBits);
            builder =
                    TableBuilder.create(
                            TableStore.ofHost(lab.memory, frames),
                            first ? new StageOneEncoder(granule) : new StageTwoEncoder(granule),
                            limits,
                            3);
            // Around a border of blocks, so that several tables take part.
            long block = 1L << granule.shape().shiftAt(2);
            base = block * 3 - PAGES / 2 * (1L << granule.pageShift());
            java.util.Arrays.fill(plain, NOT_MAPPED);
            if (first) {
                attachFirst();
            } else {
                attachSecond(limits.levels());
            }
        }

        private void attachFirst() {
            long descriptor = lab.table();
            long tg0 =
                    switch (granule) {
                        case FOUR_KIB -> 0;
                        case SIXTY_FOUR_KIB -> 1;
                        case SIXTEEN_KIB -> 2;
                    };
            lab.descriptor(
                    descriptor,
                    SmmuLab.CD_USUAL | SmmuLab.EPD1 | 64 - inputBits | tg0 << 6,
                    builder.top(),
                    0);
            lab.stream(STREAM, descriptor | 5 << 1 | 1, 0, 0, 0);
        }

        private void attachSecond(int levels) {
            long start = granule == Granule.FOUR_KIB ? levels - 2 : levels - 1;
            long tg =
                    switch (granule) {
                        case FOUR_KIB -> 0;
                        case SIXTY_FOUR_KIB -> 1;
                        case SIXTEEN_KIB -> 2;
                    };
            long word2 =
                    1
                            | (long) (64 - inputBits) << 32
                            | start << 38
                            | tg << 46
                            | 5L << 48
                            | 1L << 51
                            | 1L << 58;
            lab.stream(STREAM, 6 << 1 | 1, 0, word2, builder.top());
        }

        long pageBytes() {
            return 1L << granule.pageShift();
        }

        void run(Call call) {
            int first = call.page();
            int count = Math.min(call.pages(), PAGES - first);
            long iova = base + first * pageBytes();
            long to = (0x200 + call.to()) * pageBytes();
            boolean free = true;
            boolean any = false;
            for (int page = first; page < first + count; page++) {
                free &= plain[page] == NOT_MAPPED;
                any |= plain[page] != NOT_MAPPED;
            }
            try {
                if (call.maps()) {
                    builder.map(iova, to, count * pageBytes(), call.permissions());
                    assertThat(free).as("%s accepted", call).isTrue();
                } else {
                    builder.unmap(iova, count * pageBytes());
                    assertThat(any).as("%s accepted", call).isTrue();
                }
            } catch (MappingRefused refused) {
                assertThat(call.maps() ? free : any).as("%s: %s", call, refused).isFalse();
                return;
            }
            for (int page = first; page < first + count; page++) {
                plain[page] = call.maps() ? to + (page - first) * pageBytes() : NOT_MAPPED;
                written[page] = call.permissions().write();
            }
        }

        void compare(boolean readsAlways, List<Call> calls) {
            for (int page = 0; page < PAGES; page++) {
                long iova = base + page * pageBytes() + 0x123;
                long answer = lab.unit.translate(STREAM, Iommu.NO_PASID, iova, Iommu.WRITE);
                boolean writes = plain[page] != NOT_MAPPED && written[page];
                assertThat(answer)
                        .as("page %d after %s", page, calls)
                        .isEqualTo(
                                writes
                                        ? plain[page] + 0x123
                                        : -(plain[page] == NOT_MAPPED
                                                        ? SmmuFault.TRANSLATION
                                                        : SmmuFault.PERMISSION)
                                                .code());
                if (readsAlways && plain[page] != NOT_MAPPED) {
                    assertThat(lab.read(STREAM, iova)).isEqualTo(plain[page] + 0x123);
                }
            }
        }
    }

    @Property(tries = 150)
    void stage1SaysWhatAPlainMapOfPagesSays(
            @ForAll Granule granule,
            @ForAll @Size(min = 1, max = 12) List<@From("calls") Call> calls)
            throws MappingRefused {
        var tables = new Tables(granule, Stage.FIRST, 48);
        calls.forEach(tables::run);
        tables.compare(true, calls);
    }

    @Property(tries = 150)
    void stage2SaysWhatAPlainMapOfPagesSays(
            @ForAll Granule granule,
            @ForAll("widths") int inputBits,
            @ForAll @Size(min = 1, max = 12) List<@From("calls") Call> calls)
            throws MappingRefused {
        var tables = new Tables(granule, Stage.SECOND, inputBits);
        calls.forEach(tables::run);
        tables.compare(false, calls);
    }

    /// Some of them want tables behind one another at the top.
    @Provide
    Arbitrary<Integer> widths() {
        return Arbitraries.of(48, 44, 42, 40, 36, 32);
    }

    @Property(tries = 30)
    void largeRangesBecomeBlocksAndAreCutWhereAPartIsUnmapped(
            @ForAll Granule granule, @ForAll Stage stage) throws MappingRefused {
        var tables = new Tables(granule, stage, 48);
        long block = 1L << granule.shape().shiftAt(2);
        tables.builder.map(block * 8, block * 2, block, Permissions.READ_WRITE);
        assertThat(tables.lab.read(STREAM, block * 8 + 0x1234)).isEqualTo(block * 2 + 0x1234);
        assertThat(tables.lab.unit.lastPageBytes()).isEqualTo(block);

        tables.builder.unmap(block * 8, tables.pageBytes());
        assertThat(tables.lab.read(STREAM, block * 8)).isEqualTo(-SmmuFault.TRANSLATION.code());
        long kept = tables.pageBytes() * 5;
        assertThat(tables.lab.write(STREAM, block * 8 + kept)).isEqualTo(block * 2 + kept);
        assertThat(tables.lab.unit.lastPageBytes()).isEqualTo(tables.pageBytes());

        tables.builder.unmap(block * 8 + tables.pageBytes(), block - tables.pageBytes());
        tables.builder.destroy();
        assertThat(tables.frames.taken()).as("frames when all is gone").isZero();
    }
}
