% VAR Toolbox 3.0 (A. Cesa-Bianchi) under Octave: external instruments, zeros on impact and in the long run, shares.
% octave-cli run_var_toolbox.m TOOLBOX_FOLDER FOLDER_OF_THE_DATA OUTPUT.json
inputs = argv(); addpath(genpath(fullfile(inputs{1}, 'VAR'))); addpath(genpath(fullfile(inputs{1}, 'Utils'))); addpath(genpath(fullfile(inputs{1}, 'Auxiliary')));
function values = columns_of(file, names)
  lines = strsplit(strtrim(fileread(file)), "\n"); header = strsplit(strtrim(lines{1}), ',');
  values = nan(numel(lines) - 1, numel(names));
  for row = 2:numel(lines)
    cells = strsplit(strtrim(lines{row}), ',', 'CollapseDelimiters', false);
    for place = 1:numel(names)
      values(row - 1, place) = str2double(cells{strcmp(header, names{place})});
    end
  end
  values = values(all(!isnan(values), 2), :);
end
function found = written(values)
  found = mat2cell(values, ones(1, size(values, 1)), size(values, 2));
end
function text = js(value)
  if isstruct(value)
    names = fieldnames(value); parts = cell(1, numel(names));
    for place = 1:numel(names); parts{place} = sprintf('"%s": %s', names{place}, js(value.(names{place}))); end
    text = ['{' strjoin(parts, ', ') '}'];
  elseif ischar(value)
    text = ['"' value '"'];
  elseif isscalar(value)
    text = sprintf('%.17g', value);
  elseif isvector(value)
    text = ['[' strjoin(arrayfun(@(v) sprintf('%.17g', v), value(:)', 'UniformOutput', false), ', ') ']'];
  else
    rows = cell(1, size(value, 1)); shape = size(value);
    for place = 1:shape(1); rows{place} = js(squeeze(reshape(value(place, :), [shape(2:end) 1]))); end
    text = ['[' strjoin(rows, ', ') ']'];
  end
end
us = fullfile(inputs{2}, 'us_macro.csv'); german = fullfile(inputs{2}, 'germanm1.csv');
rates = columns_of(us, {'tbilrate', 'infl', 'unemp', 'dl_realgdp', 'dl_realinv', 'dl_realcons'});
money = columns_of(german, {'m', 'p', 'y', 'R'});
late = rates(:, 4:5); late(1:80, :) = NaN;
models = struct('rates', {{rates(:, 1:3), 4, rates(:, 4)}}, 'two', {{rates(:, 1:3), 4, rates(:, 4:5)}}, 'growth', {{rates(:, [5 4 6]), 2, rates(:, 3)}}, ...
  'german', {{money(:, 1:3), 5, money(:, 4)}}, 'late', {{rates(:, 1:3), 4, late(:, 1)}}, 'late_two', {{rates(:, 1:3), 4, late}});
expected = struct(); names = fieldnames(models);
for place = 1:numel(names)
  model = models.(names{place});
  for impact = 0:1
    [VAR, option] = VARmodel(model{1}, model{2}, 1); option.nsteps = 13; option.ident = 'iv'; option.impact = impact; VAR.IV = model{3};
    [responses, VAR] = VARir(VAR, option);
    if impact == 0; expected.(names{place}).sd = responses(:, :, 1); else; expected.(names{place}).unit = responses(:, :, 1); end
  end
  expected.(names{place}).first_stage = struct('F', VAR.FirstStage.F, 'rsqr', VAR.FirstStage.rsqr);
end
schemes = {'short', 'long'};
for place = 1:2
  [VAR, option] = VARmodel(rates(:, [4 6 5]), 2, 1); option.nsteps = 13; option.ident = schemes{place};
  [responses, VAR] = VARir(VAR, option); [shares, VAR] = VARvd(VAR, option); history = VARhd(VAR, option);
  expected.(schemes{place}) = struct('sigma', VAR.sigma, 'F', VAR.F, 'B', VAR.B, 'irf', responses, 'shares', shares, 'history_last', squeeze(history.shock(end, :, :)));
end
document = struct('case', 'var_toolbox', 'software', ['VAR Toolbox 3.0, Octave ' version()], 'data', 'us_macro.csv, germanm1.csv', 'script', 'scripts/run_var_toolbox.m', ...
  'model', struct('rates', 'tbilrate infl unemp, 4 lags, dl_realgdp (two: and dl_realinv)', 'growth', 'dl_realinv dl_realgdp dl_realcons, 2 lags, unemp', 'german', 'm p y, 5 lags, R', 'late', 'as rates and two, the first 80 values of the instruments missing', 'short', 'dl_realgdp dl_realcons dl_realinv, 2 lags'), ...
  'conventions', struct('irf', '[period][response][shock]', 'sd', 'of one standard deviation of the shock of the first variable', 'F', 'coefficients by equation: constant, first lags, second lags', 'shares', 'percent, [period][shock][response]'), 'expected', expected);
file = fopen(inputs{3}, 'w'); fprintf(file, '%s\n', js(document)); fclose(file);
