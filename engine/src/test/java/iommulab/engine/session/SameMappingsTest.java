package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import java.util.ArrayList;
import java.util.List;

/// One set of mappings in every format: the same answers everywhere, and a conversion keeps them.
class SameMappingsTest {
    private static final long IOVA = 0x4000_0000L;
    private static final long HOME = 0x100_0000L;
    private static final long WINDOW = 0x60_0000L;
    private static final PasidPrefix PASID = PasidPrefix.of(7);

    /// @param page of 4 KiB within the window
    /// @param pages how many, from there
    record Map(int page, int pages, boolean write) {
        Permissions permissions() {
            return write ? Permissions.READ_WRITE : Permissions.READ;
        }
    }

    @Provide
    Arbitrary<List<Map>> maps() {
        var anywhere = Arbitraries.integers().between(0, 1535);
        var sizes = Arbitraries.of(1, 2, 16, 511, 512, 1024);
        return Combinators.combine(anywhere, sizes, Arbitraries.of(true, false))
                .as((page, pages, write) ->
                        new Map(pages >= 512 ? page / 512 * 512 : page, pages, write))
                .list()
                .ofMaxSize(6);
    }

    @Property(tries = 25)
    void everyFormatGivesTheSameAnswers(
            @ForAll("maps") List<Map> maps,
            @ForAll @Size(value = 24) List<@IntRange(max = 0x5f_ffff) Integer> offsets)
            throws CommandRefused {
        var answers = new ArrayList<List<String>>();
        for (var architecture : Architecture.values()) {
            var bench = new ArchitectureBench(architecture);
            int domain =
                    bench.created(
                            new Command.CreateDomain(
                                    ArchitectureBench.DEVICE, DomainType.UNMANAGED, 0));
            bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
            fill(bench, domain, maps);
            answers.add(ask(bench, PasidPrefix.NONE, offsets));
        }
        assertThat(answers).allSatisfy(each -> assertThat(each).isEqualTo(answers.getFirst()));
    }

    @Property(tries = 25)
    void everyFirstStageGivesTheSameAnswers(
            @ForAll("maps") List<Map> maps,
            @ForAll @Size(value = 24) List<@IntRange(max = 0x5f_ffff) Integer> offsets)
            throws CommandRefused {
        var answers = new ArrayList<List<String>>();
        for (var architecture : Architecture.values()) {
            if (architecture != Architecture.VTD_LEGACY) {
                var bench = withPasid(architecture, maps);
                answers.add(ask(bench, PASID, offsets));
            }
        }
        assertThat(answers).allSatisfy(each -> assertThat(each).isEqualTo(answers.getFirst()));
    }

    @Property(tries = 10)
    void aConversionKeepsAllMappings(
            @ForAll("maps") List<Map> maps,
            @ForAll @Size(value = 12) List<@IntRange(max = 0x5f_ffff) Integer> offsets)
            throws CommandRefused {
        var bench = withPasid(Architecture.VTD_SCALABLE, maps);
        var before = ask(bench, PASID, offsets);
        for (var architecture : Architecture.values()) {
            if (architecture != Architecture.VTD_LEGACY) {
                var converted = new ArchitectureBench(Conversion.of(bench.machine, architecture));
                assertThat(ask(converted, PASID, offsets))
                        .as(architecture.words())
                        .isEqualTo(before);
            }
        }
    }

    private static ArchitectureBench withPasid(Architecture architecture, List<Map> maps)
            throws CommandRefused {
        var bench = new ArchitectureBench(architecture);
        bench.passThrough();
        int space = bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, 0, 0));
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, PASID.pasid(), space));
        fill(bench, space, maps);
        return bench;
    }

    /// Maps what is free; what overlaps is refused on every architecture.
    private static void fill(ArchitectureBench bench, int domain, List<Map> maps) {
        for (var map : maps) {
            long offset = map.page() * 4096L;
            try {
                bench.map(
                        domain,
                        IOVA + offset,
                        HOME + WINDOW - offset / 0x20_0000 * 0x20_0000 + offset % 0x20_0000,
                        map.pages() * 4096L,
                        map.permissions());
            } catch (CommandRefused overlapping) {
                assertThat(overlapping.errno()).isEqualTo("EEXIST");
            }
        }
    }

    private static List<String> ask(
            ArchitectureBench bench, PasidPrefix prefix, List<Integer> offsets)
            throws CommandRefused {
        var answers = new ArrayList<String>();
        for (int offset : offsets) {
            answers.add(words(bench.dma(IOVA + (offset & ~3), Access.READ, prefix)));
            answers.add(words(bench.dma(IOVA + (offset & ~3), Access.WRITE, prefix)));
        }
        return answers;
    }

    private static String words(DmaEvent event) {
        return event.outcome() == DmaOutcome.FAULT
                ? "0x%x: stopped".formatted(event.iova())
                : "0x%x: 0x%x".formatted(event.iova(), event.target());
    }
}
