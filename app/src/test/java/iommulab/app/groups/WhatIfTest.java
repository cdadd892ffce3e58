package iommulab.app.groups;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.SnapshotFixture;
import iommulab.app.groups.Regrouping.Change;
import iommulab.app.groups.WhatIfModel.Cell;
import iommulab.app.groups.WhatIfModel.Port;
import iommulab.engine.pci.Acs;
import iommulab.engine.pci.AcsFlag;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;

import org.junit.jupiter.api.Test;

import java.util.Optional;

class WhatIfTest {
    private static final SnapshotFixture FIXTURE = SnapshotFixture.captured("switch-mixed-acs-a");
    private static final MachineSnapshot MACHINE = FIXTURE.snapshot();
    private static final PciAddress PORT = PciAddress.parse("02:00.0");
    private static final Acs ACS = Acs.of(MACHINE.topology().get(PORT).config()).orElseThrow();
    private static final Optional<Pair> PAIR =
            Optional.of(new Pair(PciAddress.parse("03:00.0"), Optional.empty()));

    private static WhatIfModel model(WhatIf edits) {
        var preview = FIXTURE.preview(edits.commands(MACHINE.topology()));
        return WhatIfModel.of(MACHINE, PAIR, edits, Optional.of(preview));
    }

    @Test
    void theGridHasThePortsOnTheWayUpFromTheRootDown() {
        assertThat(model(WhatIf.NOTHING).ports())
                .extracting(Port::address)
                .containsExactly("00:02.0", "01:00.0", "02:00.0");
    }

    @Test
    void aBitThatThePortDoesNotImplementIsADash() {
        var port = model(WhatIf.NOTHING).ports().getLast();
        assertThat(port.cells())
                .extracting(Cell::digit)
                .containsExactly("1", "–", "1", "1", "1", "–", "–");
    }

    @Test
    void aBitThatTheRuleAsksForAndThatIsClearIsMissing() {
        var edits = WhatIf.NOTHING.toggled(PORT, ACS, AcsFlag.RR.mask());
        assertThat(model(edits).ports().getLast().cells())
                .filteredOn(Cell::missing)
                .extracting(Cell::bit)
                .containsExactly(AcsFlag.RR);
    }

    @Test
    void turningABitTwiceIsNoEdit() {
        var twice =
                WhatIf.NOTHING
                        .toggled(PORT, ACS, AcsFlag.RR.mask())
                        .toggled(PORT, ACS, AcsFlag.RR.mask());
        assertThat(twice.isEmpty()).isTrue();
        assertThat(model(twice).edited()).isEmpty();
    }

    @Test
    void theCommandWritesTheWholeControlRegister() {
        var edits = WhatIf.NOTHING.toggled(PORT, ACS, AcsFlag.RR.mask());
        assertThat(edits.commands(MACHINE.topology()))
                .containsExactly(
                        new Command.WriteConfig(
                                PORT, ACS.controlOffset(), 2, ACS.control() & ~AcsFlag.RR.mask()));
    }

    @Test
    void theGroupsThatMergeAreShownBeforeAndAfter() {
        var model = model(WhatIf.NOTHING.toggled(PORT, ACS, AcsFlag.RR.mask()));
        assertThat(model.edited()).isEqualTo("1 bit changed");
        assertThat(model.summary()).isEqualTo("2 groups become 1, 2 functions regrouped.");
        var regrouping = model.regrouping().orElseThrow();
        assertThat(regrouping.lines()).extracting(Regrouping.Line::before).containsExactly(4, 10);
        assertThat(regrouping.lines()).extracting(Regrouping.Line::after).containsOnly(4);
        assertThat(regrouping.lines())
                .extracting(Regrouping.Line::change)
                .containsOnly(Change.CHANGED);
        assertThat(regrouping.runs(true)).hasSize(1);
    }

    @Test
    void anEditThatTheMachineHasOvertakenIsDropped() {
        var edits = WhatIf.NOTHING.toggled(PORT, ACS, AcsFlag.RR.mask());
        var applied = FIXTURE.preview(edits.commands(MACHINE.topology())).topology();
        assertThat(edits.on(applied).isEmpty()).isTrue();
    }

    @Test
    void theKernelParameterWithTheSameEffectIsNamed() {
        var model = model(WhatIf.NOTHING.toggled(PORT, ACS, AcsFlag.RR.mask()));
        assertThat(model.parameter()).isEqualTo("pci=config_acs=xxxx0xx@0000:02:00.0");
    }
}
