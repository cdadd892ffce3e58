package iommulab.app.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the console answers to what is typed.
class ConsoleTalkTest {
    private final ConsoleLab lab = new ConsoleLab();

    @AfterEach
    void switchOff() {
        lab.close();
    }

    @Test
    void anAnswerIsKeptAndUsedInLaterCalls() {
        var answers =
                lab.says(
                        "fd = iommufd.open()",
                        "ioas = iommufd.ioas_alloc(iommufd=$fd)",
                        "iommufd.ioas_map(iommufd=$fd, ioas_id=$ioas.ioas_id, user_va=buf,"
                                + " length=0x1000, flags=[fixed, read], iova=0x10000)");
        assertThat(answers.lines().toList())
                .containsExactly("ok iommufd=iommufd1", "ok ioas_id=1", "ok iova=0x10000");
        assertThat(lab.says("$")).isEqualTo("$fd = iommufd1\n$ioas = 1");
    }

    @Test
    void aCommandOfTheBenchAnswersToo() {
        assertThat(lab.says("d = domain.create(like=0000:06:00.0, type=unmanaged, levels=4)"))
                .startsWith("domain ");
        assertThat(
                        lab.says(
                                "domain.map(domain=$d, iova=0x1000, hpa=0x100000, bytes=0x1000,"
                                        + " permissions=read)"))
                .isEqualTo("ok");
    }

    @Test
    void aRefusalHasItsErrnoAndItsRuleAndAQuestionMarkExplainsIt() {
        lab.says("fd = iommufd.open()");
        var refusal = lab.says("iommufd.destroy(iommufd=$fd, id=7)");
        assertThat(refusal).startsWith("✕ ENOENT\n").endsWith(".");
        assertThat(lab.says("?"))
                .startsWith("ENOENT: ")
                .contains("In these calls ENOENT means: an id, an address or a name is absent");
    }

    @Test
    void aQuestionMarkExplainsWhatWasRefusedToAClickToo() {
        lab.says("fd = iommufd.open()", "iommufd.destroy(iommufd=$fd, id=7)");
        lab.clicksInVain("enqcmd.authorize(process=p0, pasid=7)");
        assertThat(lab.says("?")).startsWith("ENOTTY: Linux has no such call");
        lab.says("iommufd.destroy(iommufd=$fd, id=8)");
        assertThat(lab.says("?")).startsWith("ENOENT: iommufd1 has no object 8");
    }

    @Test
    void beforeAnyRefusalThereIsNothingToExplain() {
        assertThat(lab.says("?")).isEqualTo("Nothing was refused yet.");
    }

    @Test
    void severalLinesStopAtTheFirstThatIsRefused() {
        lab.says("fd = iommufd.open()", "iommufd.destroy(iommufd=$fd, id=7)", "iommufd.open()");
        assertThat(lab.machine().journal().entries()).hasSize(1);
    }

    @Test
    void anExclamationMarkLetsTheLinesBehindARefusalRun() {
        lab.says("fd = iommufd.open()", "!iommufd.destroy(iommufd=$fd, id=7)", "iommufd.open()");
        assertThat(lab.machine().journal().entries()).hasSize(2);
    }

    @Test
    void severalLinesStopAtOneThatCannotBeReadWhateverStandsBeforeIt() {
        lab.says("!iommufd.opne()", "iommufd.open()");
        assertThat(lab.machine().journal().entries()).isEmpty();
    }

    @Test
    void remarksAndEmptyLinesAreNoCalls() {
        assertThat(lab.says("# what a lesson says", "   ", "iommufd.open()"))
                .isEqualTo("ok iommufd=iommufd1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    iommufd.opne()                                        | 0  | There is no call 'iommufd.opne'. Near: iommufd.open
                    x = ioas_map()                                        | 4  | Near: iommufd.ioas_map
                    iommufd.open(                                         | 13 | expected
                    iommufd.open() extra                                  | 15 | expected the end
                    iommufd.destroy(iommufd=iommufd1)                     | 32 | Argument 'id' is missing: number
                    iommufd.destroy(iommufd=iommufd1, id=x)               | 37 | Argument 'id' is x, expected number
                    iommufd.destroy(iommufd=iommufd1, id=1, force=true)   | 40 | It has no argument 'force'
                    iommufd.destroy(iommufd=$nobody, id=1)                | 24 | Nothing is kept as 'nobody'
                    iommufd.destroy(id=1, id=2)                           | 22 | given twice
                    domain.attach(device=03:00.9, domain=1)               | 21 | not a PCI address
                    domain.unmap(domain=1, iova=0, bytes=1, flush=perhaps) | 46 | boolean
                    """)
    void whatCannotBeReadIsPointedAt(String line, int place, String reason) {
        var answer = lab.says(line);
        assertThat(answer.indexOf('^')).as("place that '%s' points at", answer).isEqualTo(place);
        assertThat(answer).contains(reason);
        assertThat(lab.machine().journal().refusals()).as("nobody was asked").isEmpty();
    }

    @Test
    void aVariableWithoutThatFieldSaysWhichItHas() {
        assertThat(lab.says("fd = iommufd.open()", "iommufd.ioas_alloc(iommufd=$fd.file)"))
                .contains("'fd' has the fields iommufd.");
    }

    @Test
    void helpTellsACallWithItsArguments() {
        assertThat(lab.says("help iommufd.ioas_map"))
                .startsWith(
                        "iommufd.ioas_map(iommufd, ioas_id, user_va, length, flags, iova?,"
                                + " process?)")
                .contains("fixed, read, write")
                .contains("returns iova");
        assertThat(lab.says("help driver.bind"))
                .as("the kernel's form and the bench's")
                .contains("pci-stub")
                .contains("PCI address");
        assertThat(lab.says("help nothing.like.it")).startsWith("No call has");
    }

    @Test
    void whatWasTypedIsCalledBack() {
        lab.says("iommufd.open()", "iommufd.open()", "help");
        var typed = lab.talk().typed();
        assertThat(typed.before("draft")).isEqualTo("help");
        assertThat(typed.before("help")).isEqualTo("iommufd.open()");
        assertThat(typed.before("iommufd.open()")).as("the oldest").isEqualTo("iommufd.open()");
        assertThat(typed.after("iommufd.open()")).isEqualTo("help");
        assertThat(typed.after("help")).as("what was being typed").isEqualTo("draft");
    }
}
