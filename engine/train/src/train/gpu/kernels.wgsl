// The passes of a training on a GPU. `kernels.rs` puts the numbers in capitals before this: the network's shape, the
// optimiser's constants, ROWS of the bit maps and QUADS, N / 4.
//
// A position's two views are the mover's and the other's: view 2 p is the mover's of position p, and view 2 p + 1 the
// other's. Everything is added up in the order in which the processor does it: no sum depends on which thread is first.

struct Batch {
    // Positions in this group of shards, and in each of its shards but the last.
    positions: u32,
    shard: u32,
    // Words of a row of the bit maps.
    words: u32,
    // Shards of the batch that are before this group, and all of them.
    first: u32,
    shards: u32,
    // What an output is multiplied by in the exponent.
    factor: f32,
    // Adam's step.
    share: f32,
    rate: f32,
    decay: f32,
    mean_full: f32,
    spread_full: f32,
    padding: f32,
}

struct Position {
    occupied: vec2<u32>,
    // 1 for Black to move.
    turn: u32,
    // What the network is to say.
    wanted: f32,
    pieces: vec4<u32>,
}

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> positions: array<Position>;
// The inputs of each view, 32 places.
@group(0) @binding(2) var<storage, read_write> lists: array<u32>;
// For each shard and row the views that it concerns, one bit for each: those that have an input on, then all of them, then
// those that have an output.
@group(0) @binding(3) var<storage, read_write> maps: array<u32>;
// The accumulator of each view, and after `changes` how the error grows with it.
@group(0) @binding(4) var<storage, read_write> accumulators: array<vec4<f32>>;
// How the error of each position grows with its output.
@group(0) @binding(5) var<storage, read_write> slopes: array<f32>;
// Sums of errors, one for each place in the group.
@group(0) @binding(6) var<storage, read_write> errors: array<f32>;
// The gradient of each shard of the batch.
@group(0) @binding(7) var<storage, read_write> gradients: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> parameters: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> means: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read_write> spreads: array<vec4<f32>>;

// Where layers begin, in quads.
const BIASES: u32 = INPUTS * QUADS;
const OUTPUTS: u32 = BIASES + QUADS;
const OUTPUT_BIASES: u32 = OUTPUTS + 2u * BUCKETS * QUADS;
const PARAMETERS: u32 = OUTPUT_BIASES + BUCKETS / 4u;

const KING: u32 = 5u;

fn count(position: u32) -> u32 {
    let occupied = countOneBits(positions[position].occupied);
    return occupied.x + occupied.y;
}

fn bucket(position: u32) -> u32 {
    return min((max(count(position), 2u) - 2u) / 4u, BUCKETS - 1u);
}

var<workgroup> bits: array<atomic<u32>, ROWS>;

// Sixteen positions: the inputs of their views, and one word of each row of the maps.
@compute @workgroup_size(32)
fn inputs(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let within = group.x * 16u + local / 2u;
    let position = group.y * batch.shard + within;
    if within < batch.shard && position < batch.positions {
        let packed = positions[position];
        let pieces = count(position);
        let side = packed.turn ^ (local & 1u);
        var king = 0u;
        // First the own king, then the inputs.
        for (var turn = 0u; turn < 2u; turn++) {
            let turned = select(0u, 56u, side == 1u) ^ select(0u, 7u, (king & 7u) >= 4u);
            var rest = packed.occupied;
            for (var index = 0u; index < pieces; index++) {
                var square: u32;
                if rest.x != 0u {
                    square = firstTrailingBit(rest.x);
                    rest.x &= rest.x - 1u;
                } else {
                    square = 32u + firstTrailingBit(rest.y);
                    rest.y &= rest.y - 1u;
                }
                let code = (packed.pieces[index / 8u] >> (index % 8u * 4u)) & 15u;
                let role = min(code & 7u, KING);
                let own = (code >> 3u) == side;
                if turn == 0u {
                    if own && role == KING {
                        king = square;
                    }
                } else {
                    let input = select(384u, 0u, own) + 64u * role + (square ^ turned);
                    lists[(2u * position + (local & 1u)) * 32u + index] = input;
                    atomicOr(&bits[input], 1u << local);
                }
            }
        }
        atomicOr(&bits[INPUTS], 1u << local);
        atomicOr(&bits[INPUTS + 1u + bucket(position)], 1u << local);
    }
    workgroupBarrier();
    for (var row = local; row < ROWS; row += 32u) {
        maps[(group.y * ROWS + row) * batch.words + group.x] = atomicLoad(&bits[row]);
    }
}

// A quad of a view's accumulator.
@compute @workgroup_size(64)
fn accumulate(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let quad = group.z * 64u + local;
    if quad >= QUADS {
        return;
    }
    let view = 2u * group.x + group.y;
    let inputs = count(group.x);
    var sum = parameters[BIASES + quad];
    for (var index = 0u; index < inputs; index++) {
        sum += parameters[lists[view * 32u + index] * QUADS + quad];
    }
    accumulators[view * QUADS + quad] = sum;
}

var<workgroup> lanes: array<f32, 64>;

// The outputs of four positions, sixteen lanes each, and what follows from them.
@compute @workgroup_size(64)
fn judge(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let position = group.x * 4u + local / 16u;
    let lane = local % 16u;
    let there = position < batch.positions;
    var sum = 0.0;
    var output = 0u;
    if there {
        output = bucket(position);
        for (var view = 0u; view < 2u; view++) {
            for (var quad = lane / 4u; quad < QUADS; quad += 4u) {
                let accumulator = accumulators[(2u * position + view) * QUADS + quad][lane % 4u];
                let clipped = clamp(accumulator, 0.0, 1.0);
                let weight = parameters[OUTPUTS + (2u * output + view) * QUADS + quad][lane % 4u];
                sum += clipped * clipped * weight;
            }
        }
    }
    lanes[local] = sum;
    workgroupBarrier();
    if there && lane == 0u {
        var value = 0.0;
        for (var other = 0u; other < 16u; other++) {
            value += lanes[local + other];
        }
        value += parameters[OUTPUT_BIASES + output / 4u][output % 4u];
        // Bounded, for what is not finite may be anything on a GPU; chances are 0 or 1 long before.
        let exponent = clamp(-value * batch.factor, -80.0, 80.0);
        let guess = 1.0 / (1.0 + exp(exponent));
        let miss = guess - positions[position].wanted;
        slopes[position] = 2.0 * miss * guess * (1.0 - guess) * batch.factor;
        errors[position] += miss * miss;
    }
}

// A quad of an output's weights for one side, in one shard, and a part of the output's bias.
@compute @workgroup_size(64)
fn outputs(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let quad = group.x * 64u + local;
    if quad >= QUADS {
        return;
    }
    let output = group.y / 2u;
    let side = group.y % 2u;
    let gradient = (batch.first + group.z) * PARAMETERS;
    let map = (group.z * ROWS + INPUTS + 1u + output) * batch.words;
    var sum = vec4<f32>();
    var bias = 0.0;
    for (var word = 0u; word < batch.words; word++) {
        var views = maps[map + word] & (0x55555555u << side);
        while views != 0u {
            let view = 2u * group.z * batch.shard + word * 32u + firstTrailingBit(views);
            views &= views - 1u;
            let slope = slopes[view / 2u];
            let clipped = clamp(accumulators[view * QUADS + quad], vec4<f32>(), vec4<f32>(1.0));
            sum += slope * clipped * clipped;
            bias += slope;
        }
    }
    gradients[gradient + OUTPUTS + group.y * QUADS + quad] = sum;
    if quad == 0u && side == 0u {
        gradients[gradient + OUTPUT_BIASES + output / 4u][output % 4u] = bias;
    }
}

// A quad of a view's accumulator becomes how the error grows with it.
@compute @workgroup_size(64)
fn changes(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let quad = group.z * 64u + local;
    if quad >= QUADS {
        return;
    }
    let place = (2u * group.x + group.y) * QUADS + quad;
    let accumulator = accumulators[place];
    let clipped = clamp(accumulator, vec4<f32>(), vec4<f32>(1.0));
    // The square's slope; none where it is clipped.
    let inside = select(vec4<f32>(), clipped, clipped == accumulator);
    let weight = parameters[OUTPUTS + (2u * bucket(group.x) + group.y) * QUADS + quad];
    accumulators[place] = 2.0 * inside * slopes[group.x] * weight;
}

// A quad of an input's weights, or of the biases, in one shard.
@compute @workgroup_size(64)
fn features(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let quad = group.x * 64u + local;
    if quad >= QUADS {
        return;
    }
    // The biases first: every view has its part in them, and they take the longest.
    let row = INPUTS - group.y;
    let map = (group.z * ROWS + row) * batch.words;
    let first = 2u * group.z * batch.shard;
    var sum = vec4<f32>();
    for (var word = 0u; word < batch.words; word++) {
        var views = maps[map + word];
        let base = first + word * 32u;
        // Four at a time, so that the memory is waited for once.
        while countOneBits(views) >= 4u {
            let a = base + firstTrailingBit(views);
            views &= views - 1u;
            let b = base + firstTrailingBit(views);
            views &= views - 1u;
            let c = base + firstTrailingBit(views);
            views &= views - 1u;
            let d = base + firstTrailingBit(views);
            views &= views - 1u;
            let one = accumulators[a * QUADS + quad];
            let two = accumulators[b * QUADS + quad];
            let three = accumulators[c * QUADS + quad];
            let four = accumulators[d * QUADS + quad];
            sum = sum + one + two + three + four;
        }
        while views != 0u {
            sum += accumulators[(base + firstTrailingBit(views)) * QUADS + quad];
            views &= views - 1u;
        }
    }
    gradients[(batch.first + group.z) * PARAMETERS + row * QUADS + quad] = sum;
}

// A quad of the parameters takes a step.
@compute @workgroup_size(64)
fn adam(@builtin(global_invocation_id) global: vec3<u32>) {
    let quad = global.x;
    if quad >= PARAMETERS {
        return;
    }
    var sum = vec4<f32>();
    for (var shard = 0u; shard < batch.shards; shard++) {
        sum += gradients[shard * PARAMETERS + quad];
    }
    let slope = sum * batch.share;
    let mean = MEAN_KEPT * means[quad] + (1.0 - MEAN_KEPT) * slope;
    let spread = SPREAD_KEPT * spreads[quad] + (1.0 - SPREAD_KEPT) * slope * slope;
    means[quad] = mean;
    spreads[quad] = spread;
    let parameter = parameters[quad];
    let change = (mean / batch.mean_full) / (sqrt(spread / batch.spread_full) + EPSILON);
    let moved = parameter - batch.rate * (change + batch.decay * parameter);
    if quad < OUTPUTS {
        parameters[quad] = clamp(moved, vec4<f32>(-WEIGHT_MAX), vec4<f32>(WEIGHT_MAX));
    } else if quad < OUTPUT_BIASES {
        parameters[quad] = clamp(moved, vec4<f32>(-OUTPUT_WEIGHT_MAX), vec4<f32>(OUTPUT_WEIGHT_MAX));
    } else {
        parameters[quad] = moved;
    }
}
