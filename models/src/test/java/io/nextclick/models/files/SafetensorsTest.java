package io.nextclick.models.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {

    private static byte[] written(Map<String, Tensor> tensors) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Safetensors.write(bytes, tensors);
        return bytes.toByteArray();
    }

    private static Map<String, Tensor> read(byte[] bytes) throws IOException {
        return Safetensors.read("w", new ByteArrayInputStream(bytes), bytes.length);
    }

    private static byte[] file(String header, int dataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }

    @Test
    void bytesAreThoseOfTheSpecification() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("a", new Tensor.Floats(new float[] {1, -2}, 2, 1));
        tensors.put("b", new Tensor.Longs(new long[] {258}));
        String header =
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                        + "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]}}";
        int padded = (header.length() + 7) / 8 * 8;
        byte[] bytes = written(tensors);
        assertThat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong())
                .isEqualTo(padded);
        assertThat(new String(bytes, 8, padded, StandardCharsets.UTF_8))
                .isEqualTo(header + " ".repeat(padded - header.length()));
        assertThat(HexFormat.of().formatHex(bytes, 8 + padded, bytes.length))
                .isEqualTo("0000803f" + "000000c0" + "0201000000000000");
    }

    @Test
    void everythingComesBackAlsoAcrossBuffers() throws IOException {
        Random random = new Random(5);
        float[] floats = new float[100_003];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = Float.intBitsToFloat(random.nextInt());
        }
        int[] ints = random.ints(50_001).toArray();
        long[] longs = random.longs(20_001).toArray();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("f", new Tensor.Floats(floats, floats.length));
        tensors.put("empty", new Tensor.Floats(new float[0], 0, 7));
        tensors.put("i", new Tensor.Ints(ints, 3, 16667));
        tensors.put("l ü\"", new Tensor.Longs(longs, longs.length));
        Map<String, Tensor> back = read(written(tensors));
        assertThat(back.keySet()).containsExactly("f", "empty", "i", "l ü\"");
        for (int i = 0; i < floats.length; i++) {
            if (!Float.isNaN(floats[i])) {
                assertThat(((Tensor.Floats) back.get("f")).values()[i]).isEqualTo(floats[i]);
            }
        }
        assertThat(((Tensor.Ints) back.get("i")).values()).containsExactly(ints);
        assertThat(back.get("i").shape()).containsExactly(3, 16667);
        assertThat(((Tensor.Longs) back.get("l ü\"")).values()).containsExactly(longs);
        assertThat(back.get("empty").shape()).containsExactly(0, 7);
    }

    @Test
    void metadataAndAnyOrderOfTheHeaderAreAccepted() throws IOException {
        byte[] bytes =
                file(
                        "{\"__metadata__\":{\"format\":\"pt\"},"
                                + "\"b\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[4,8]},"
                                + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                        8);
        assertThat(read(bytes).keySet()).containsExactly("a", "b");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "{'a':{'dtype':'F16','shape':[4],'data_offsets':[0,8]}}|dtype 'F16'",
                "{'a':{'shape':[2],'data_offsets':[0,8]}}|dtype ''",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}}|takes 12 bytes",
                "{'a':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}}|dimension of -2",
                "{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}}|dimension of 2.0",
                "{'a':{'dtype':'F32','shape':[65536,65536,65536,65536],'data_offsets':[0,8]}}|more than",
                "{'a':{'dtype':'F32','shape':2,'data_offsets':[0,8]}}|no shape",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}}|[8, 0)",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[-8,0]}}|[-8, 0)",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,1e1]}}|no two data_offsets",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0]}}|no two data_offsets",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}|behind a hole",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}|tensors take 4 bytes",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}}|tensors take 12 bytes",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'b':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}|inside another",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}|Duplicate",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} {}|not JSON",
                "{'a':3}|dtype ''",
                "[1,2]|does not begin",
                "{'a|not JSON",
            })
    void aHeaderThatLiesIsRefused(String header, String problem) {
        assertThatThrownBy(() -> read(file(header.replace('\'', '"'), 8)))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith("w: ")
                .hasMessageContaining(problem);
    }

    @Test
    void headersOfImpossibleLengthAreRefusedWithoutReadingThem() {
        for (long length : new long[] {0, 1, 17L << 20, Long.MAX_VALUE, -1}) {
            byte[] bytes =
                    ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
            assertThatThrownBy(
                            () -> Safetensors.read("w", new ByteArrayInputStream(bytes), 1L << 30))
                    .isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("a header of " + Long.toUnsignedString(length));
        }
    }

    @Test
    void everyTruncationAndEveryMutationEndsInTheOneException() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("a", new Tensor.Floats(new float[6], 2, 3));
        tensors.put("b", new Tensor.Ints(new int[2], 2));
        byte[] whole = written(tensors);
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> read(cut)).isInstanceOf(ModelFileException.class);
        }
        byte[] longer = Arrays.copyOf(whole, whole.length + 1);
        assertThatThrownBy(() -> read(longer)).isInstanceOf(ModelFileException.class);
        long seed = 99;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] mutated = whole.clone();
            for (int flips = random.nextInt(4); flips >= 0; flips--) {
                mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
            }
            try {
                read(mutated);
            } catch (ModelFileException expected) {
                assertThat(expected).as("seed %d", seed).hasMessageStartingWith("w: ");
            }
        }
    }
}
