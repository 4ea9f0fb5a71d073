package io.nextclick.jobs.cli;

import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.neuralcf.NeuralCfKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * The kinds of models that can be trained: networks, models counted from a log, models of users,
 * and towers.
 */
final class TrainableConverter implements ITypeConverter<String> {

    @Override
    public String convert(String text) {
        String kind = text.toLowerCase(Locale.ROOT);
        if (!kinds().contains(kind)) {
            throw new TypeConversionException("'" + text + "' is no model, there are " + kinds());
        }
        return kind;
    }

    /** The network of this kind; null for another model. */
    static NetworkKind network(String kind) {
        return Arrays.stream(NetworkKind.values())
                .filter(network -> network.id().equals(kind))
                .findAny()
                .orElse(null);
    }

    private static List<String> kinds() {
        return Stream.of(
                        Arrays.stream(NetworkKind.values()).map(NetworkKind::id),
                        Arrays.stream(NeuralCfKind.values()).map(NeuralCfKind::id),
                        CountedModel.KINDS.stream(),
                        RatingArguments.KINDS.stream(),
                        LoggedTowerArguments.KINDS.stream())
                .flatMap(kinds -> kinds)
                .toList();
    }

    /** For the help. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return new ArrayList<>(kinds()).iterator();
        }
    }
}
