package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.call.Vocabulary;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.stream.Stream;

/// The table of the bench's calls says the same as the code that reads them.
class BenchVocabularyTest {
    @Property(tries = 2000)
    void everyCommandOfTheBenchIsInTheTable(@ForAll("commands") Command command) {
        if (command instanceof Command.KernelCall) {
            return;
        }
        var call = CommandText.toCall(command);
        var entry = Vocabulary.bench().find(call.name()).orElseThrow();
        assertThat(call.arguments().keySet())
                .as("arguments of %s", call.name())
                .allMatch(argument -> entry.parameter(argument).isPresent());
        for (var parameter : entry.parameters()) {
            assertThat(parameter.optional() || call.arguments().containsKey(parameter.name()))
                    .as("%s of %s may be left out", parameter.name(), call.name())
                    .isTrue();
        }
    }

    @Test
    void wordsOfTheTableAreThoseThatAreRead() {
        assertThat(words("cache.set_geometry", "cache")).isEqualTo(names(CacheKind.values()));
        assertThat(words("cache.set_geometry", "replacement"))
                .isEqualTo(names(Replacement.values()));
        assertThat(words("domain.map", "permissions")).isEqualTo(names(Permissions.values()));
        assertThat(words("cost.set", "event")).isEqualTo(names(CostEvent.values()));
    }

    private static List<String> words(String call, String argument) {
        return Vocabulary.bench()
                .find(call)
                .flatMap(entry -> entry.parameter(argument))
                .orElseThrow()
                .choices();
    }

    private static List<String> names(Enum<?>[] constants) {
        return Stream.of(constants).map(CallArguments::lowerCase).toList();
    }

    @Provide
    Arbitrary<Command> commands() {
        return AnyCommand.anyCommand();
    }
}
