package iommulab.app.domains;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabMachine;
import iommulab.app.domains.DomainsModel.Block;
import iommulab.app.domains.DomainsModel.Owner;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.OptionalLong;

class DomainsModelTest {
    private static final MachineSnapshot MACHINE =
            new LabMachine()
                    .mapping(0x4000_0000L, 0x1_0000_0000L, 0x20_0000, Permissions.READ_WRITE)
                    .snapshot();
    private static final Domain LAB = MACHINE.domains().getFirst();

    private static Block block(int domain, Subject subject) {
        return DomainsModel.of(MACHINE, subject).blocks().stream()
                .filter(b -> b.card().map(c -> c.id() == domain).orElse(false))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aDomainStandsBetweenItsGroupsAndItsDevices() {
        var block = block(3, new Subject.Nothing());
        assertThat(block.groups()).singleElement().satisfies(g -> assertThat(g.id()).isEqualTo(3));
        assertThat(block.devices())
                .singleElement()
                .satisfies(d -> assertThat(d.address()).isEqualTo(LabMachine.GPU));
    }

    @Test
    void domainsThatSomebodyMadeComeFirst() {
        assertThat(DomainsModel.of(MACHINE, new Subject.Nothing()).blocks())
                .extracting(b -> b.card().orElseThrow().byUser())
                .containsExactly(true, true, false, false);
    }

    @Test
    void aVfioDriverMakesAUserTheOwner() {
        assertThat(block(3, new Subject.Nothing()).groups().getFirst().owner())
                .isEqualTo(Owner.USER);
        assertThat(block(4, new Subject.Nothing()).groups().getFirst().owner())
                .isEqualTo(Owner.KERNEL);
    }

    @Test
    void everyGroupStandsInTheFlowExactlyOnce() {
        var shown =
                DomainsModel.of(MACHINE, new Subject.Nothing()).blocks().stream()
                        .flatMap(b -> b.groups().stream())
                        .map(DomainsModel.GroupRow::id);
        assertThat(shown).containsExactlyInAnyOrder(3, 9, 10);
    }

    @Test
    void theContentOfATableIsToldInBytesMappingsAndFrames() {
        assertThat(block(3, new Subject.Nothing()).card().orElseThrow().content())
                .isEqualTo("2 MiB in 1 mapping, 5 table frames");
    }

    @Test
    void aSelectedFunctionSelectsItsDomainBelow() {
        assertThat(DomainsModel.selectedDomain(MACHINE, new Subject.Function(LabMachine.SOUND)))
                .hasValueSatisfying(d -> assertThat(d.id()).isEqualTo(5));
    }

    /// A valid mapping, spoiled in one field.
    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    0x80000000,     0x200000000,      0x1000,   ''
                    0x80000001,     0x200000000,      0x1000,   'IOVA 0x80000001 lies within a page: take 0x80000000.'
                    0x80000000,     0x200000800,      0x1000,   'HPA 0x200000800 lies within a page: take 0x200000000.'
                    0x80000000,     0x200000000,      0x1800,   '0x1800 bytes: take a multiple of 0x1000.'
                    0x80000000,     0x200000000,      0x0,      '0x0 bytes: take a multiple of 0x1000.'
                    0x80000000,     0x10000000000000, 0x1000,   'HPA 0x10000000000000 needs more than 52 bits.'
                    0x1000000000000,0x200000000,      0x1000,   '0x1000000000fff lies beyond the 48 bits that 4 levels translate.'
                    0x401ff000,     0x200000000,      0x2000,   'Domain 3 already maps 0x40000000 to 0x401fffff. Unmap it first, or choose another range.'
                    """)
    void whatTheEngineWouldRefuseIsSaidWhileItIsTyped(
            String iova, String hpa, String bytes, String complaint) {
        var draft = new MapDraft(number(iova), number(hpa), number(bytes));
        assertThat(draft.complaintToMap(LAB)).isEqualTo(complaint);
    }

    private static OptionalLong number(String hex) {
        return iommulab.app.shell.HexText.parse(hex);
    }

    @Test
    void aDomainWithoutATableMapsNothing() {
        var draft = new MapDraft(number("0"), number("0"), number("4K"));
        assertThat(draft.complaintToMap(MACHINE.domains().getLast()))
                .isEqualTo("Domain 6 has no table: its type is blocked.");
    }

    @Test
    void whatIsNotMappedCannotBeUnmapped() {
        var draft = new MapDraft(number("0x9000"), OptionalLong.empty(), number("4K"));
        assertThat(draft.complaintToUnmap(LAB))
                .isEqualTo("Domain 3 maps nothing from 0x9000 to 0x9fff.");
    }

    @Property
    void noTwoBoxesOfTheFlowOverlap(@ForAll @IntRange(min = 300, max = 3000) int width) {
        var placed = FlowLayout.of(DomainsModel.of(MACHINE, new Subject.Nothing()), width).placed();
        for (var a : placed) {
            for (var b : placed) {
                boolean apart =
                        a.x() + a.width() <= b.x()
                                || b.x() + b.width() <= a.x()
                                || a.y() + a.height() <= b.y()
                                || b.y() + b.height() <= a.y();
                assertThat(a == b || apart).as(a + " beside " + b).isTrue();
            }
        }
    }

    @Test
    void theStripShowsTheReservedRegionsOfTheAttachedGroups() {
        var strip = IovaStripModel.of(MACHINE.domains().get(1), MACHINE);
        assertThat(strip.reserved())
                .singleElement()
                .satisfies(r -> assertThat(r.range().start()).isEqualTo(0xfee0_0000L));
    }
}
