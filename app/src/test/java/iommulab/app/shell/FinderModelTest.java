package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabMachine;
import iommulab.app.shell.FinderModel.Target;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.session.MachineSnapshot;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

class FinderModelTest {
    private static final List<WindowAction> ACTIONS =
            List.of(
                    WindowAction.of("View", "Dark theme", "", () -> {}),
                    WindowAction.of("File", "Open…", "Shortcut+O", () -> {}),
                    WindowAction.of("Edit", "Redo", "", () -> {}).when(() -> false));

    private static MachineSnapshot lab() {
        return new LabMachine()
                .mapping(0x4f000, 0x1_2340_0000L, 0x4000, Permissions.READ_WRITE)
                .fault(
                        LabMachine.SOUND,
                        LabMachine.BRIDGE.requesterId(),
                        LabMachine.UNMAPPED,
                        Access.WRITE,
                        LabMachine.Reason.WRITE_CLEAR)
                .snapshot();
    }

    private static FinderModel.Hit first(String query) {
        return FinderModel.of(lab(), ACTIONS, query).hits().getFirst();
    }

    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    08:01,          0000:08:01.0
                    0000:06:00.0,   0000:06:00.0
                    104c:8240,      0000:07:00.0
                    snd_emu,        0000:08:01.0
                    group 10,       group 10
                    domain 3,       domain 3
                    iova 0x4f000,   0x4f000 in domain 3
                    0x50fff,        0x50fff in domain 3
                    fault 05,       05h 0000:08:01.0
                    fault,          05h 0000:08:01.0
                    dmar0,          dmar0
                    dark,           Dark theme
                    open,           Open…
                    """)
    void theFirstHitIsWhatWasMeant(String query, String title) {
        assertThat(first(query).title()).isEqualTo(title);
    }

    @Test
    void aHitOnAnAddressSelectsItsMapping() {
        assertThat(first("iova 0x50000").target())
                .isEqualTo(new Target.Select(new Subject.Mapping(3, 0x4f000), Perspective.DOMAINS));
        assertThat(first("iova 0x50000").detail()).isEqualTo("→ 0x123401000, rw");
    }

    @Test
    void anExactNameComesBeforeNamesThatOnlyBeginSo() {
        var titles =
                FinderModel.of(lab(), ACTIONS, "group 1").hits().stream()
                        .map(FinderModel.Hit::title)
                        .toList();
        assertThat(titles.getFirst()).isEqualTo("group 10");
    }

    @Test
    void whatCannotBeDoneNowIsNotOffered() {
        assertThat(FinderModel.of(lab(), ACTIONS, "redo").hits()).isEmpty();
    }

    @Test
    void anEmptyQueryOffersTheActions() {
        assertThat(FinderModel.of(lab(), ACTIONS, " ").hits())
                .extracting(FinderModel.Hit::title)
                .containsExactly("Dark theme", "Open…");
    }
}
