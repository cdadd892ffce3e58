package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.iommu.Permissions;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandTextTest {
    @Test
    void aMappingReadsAsACall() {
        var map = new Command.MapPages(3, 0x4000_0000, 0x1_0000_0000L, 0x20_0000, Permissions.READ);
        assertThat(CommandText.of(map))
                .isEqualTo(
                        "domain.map(domain=3, iova=0x40000000, hpa=0x100000000, bytes=0x200000,"
                                + " permissions=read)");
    }

    @Property(tries = 3000)
    void everyCommandSurvivesItsText(@ForAll("commands") Command command) throws Exception {
        var text = CommandText.of(command);
        assertThat(text).doesNotContain("\n");
        assertThat(CommandText.parse(text)).isEqualTo(command);
    }

    @Property
    void anyTextIsACommandOrIsRefusedWithAReason(@ForAll String text) {
        try {
            CommandText.parse(text);
        } catch (CommandRefused refused) {
            assertThat(refused.reason()).isNotBlank();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    domain.delete                          | at character 14 stands the end, expected '('
                    domain.delete(domain=3                 | expected ')'
                    domain.delete(domain=3) x              | at character 25 stands 'x', expected the end
                    domain.delete(domain=)                 | expected a value
                    domain.delete(domain="3)               | expected a closing "
                    domain.delete(domain=3, domain=4)      | Argument 'domain' is given twice
                    domain.delete()                        | domain.delete: argument 'domain' is missing
                    domain.delete(domain=three)            | argument 'domain' is 'three', not a 32-bit number
                    domain.delete(domain=0x100000000)      | not a 32-bit number
                    domain.delete(domain=3, force=true)    | domain.delete: it has no argument 'force'
                    domain.explode(domain=3)               | domain.explode: there is no such call
                    disk.format(domain=3)                  | disk.format: there is no such call
                    domain.detach(device=03:00.9)          | not a PCI address such as 0000:03:00.1
                    domain.create(like=03:00.0, type=x, levels=4) | take one of identity, dma, dma_fq, blocked, unmanaged
                    iommu.set_translation(unit=dmar0, enabled=1)  | take true or false
                    cache.set_geometry(unit=u, cache=iotlb, sets=3, ways=4, replacement=lru) | 3 sets: take a power of two
                    memory.write(hpa=0x10000000000000000, value=1) | not a 64-bit number
                    """)
    void whatIsNoCommandIsRefusedInWords(String text, String reason) {
        assertThatThrownBy(() -> CommandText.parse(text))
                .isInstanceOf(CommandRefused.class)
                .hasMessageContaining(reason.strip());
    }

    @Provide
    Arbitrary<Command> commands() {
        return AnyCommand.anyCommand();
    }
}
