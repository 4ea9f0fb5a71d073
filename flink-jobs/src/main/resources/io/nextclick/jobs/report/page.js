"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const drawn = [];
  const four = number => number.toFixed(4);
  const percent = number => Math.round(100 * number) + " %";
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  // An interval over each bar, in the ink of the page so that it shows on every colour.
  const whiskers = {
    id: "whiskers",
    afterDatasetsDraw(chart) {
      const { ctx, scales } = chart;
      ctx.save();
      ctx.strokeStyle = colour("ink");
      ctx.lineWidth = 1.25;
      chart.data.datasets.forEach((dataset, index) => {
        if (!dataset.low || !chart.isDatasetVisible(index)) {
          return;
        }
        chart.getDatasetMeta(index).data.forEach((bar, i) => {
          const low = scales.y.getPixelForValue(dataset.low[i]);
          const high = scales.y.getPixelForValue(dataset.high[i]);
          ctx.beginPath();
          ctx.moveTo(bar.x, low);
          ctx.lineTo(bar.x, high);
          for (const end of [low, high]) {
            ctx.moveTo(bar.x - 4, end);
            ctx.lineTo(bar.x + 4, end);
          }
          ctx.stroke();
        });
      });
      ctx.restore();
    }
  };

  // The figure itself, on the bar that is its interval.
  const points = {
    id: "points",
    afterDatasetsDraw(chart) {
      const { ctx, scales } = chart;
      ctx.save();
      chart.data.datasets.forEach((dataset, index) => {
        (dataset.points || []).forEach((value, i) => {
          const bar = chart.getDatasetMeta(index).data[i];
          ctx.beginPath();
          ctx.arc(scales.x.getPixelForValue(value), bar.y, 5, 0, 2 * Math.PI);
          ctx.fillStyle = dataset.backgroundColor[i];
          ctx.fill();
          ctx.lineWidth = 2;
          ctx.strokeStyle = colour("card");
          ctx.stroke();
        });
      });
      ctx.restore();
    }
  };

  const axis = (title, ticks) => ({
    title: { display: title !== "", text: title, color: colour("faint") },
    grid: { color: colour("line") },
    border: { display: false },
    ticks: { color: colour("faint"), ...ticks }
  });

  const marks = { model: "circle", against: "rect", other: "triangle", clicks: "rectRot" };
  const dashes = { model: [], against: [7, 4], other: [10, 3, 2, 3], clicks: [2, 3] };

  // Moments worth a line of their own, across the chart.
  const moments = {
    id: "moments",
    afterDatasetsDraw(chart, args, { at }) {
      const { ctx, scales, chartArea } = chart;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = colour("ink");
      ctx.font = "12px " + Chart.defaults.font.family;
      for (const { x, name } of at || []) {
        const pixel = scales.x.getPixelForValue(x);
        ctx.setLineDash([4, 4]);
        ctx.beginPath();
        ctx.moveTo(pixel, chartArea.top);
        ctx.lineTo(pixel, chartArea.bottom);
        ctx.stroke();
        ctx.fillText(name, pixel + 5, chartArea.bottom - 8);
      }
      ctx.restore();
    }
  };

  const options = (x, y, more) => ({
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    scales: { x, y },
    ...more
  });

  const legend = show => ({
    display: show,
    align: "start",
    labels: { color: colour("ink"), usePointStyle: true, boxHeight: 7 }
  });

  function lines(chart, xTicks, yTicks, label) {
    return {
      type: "line",
      data: {
        datasets: chart.series.map(series => ({
          label: series.name,
          data: series.values.map((y, i) => ({ x: chart.x[i], y })),
          borderColor: colour(series.role),
          backgroundColor: colour(series.role),
          borderDash: dashes[series.role],
          borderWidth: 2.25,
          pointStyle: marks[series.role],
          pointRadius: chart.x.length > 30 ? 0 : 3,
          clip: 8
        }))
      },
      options: options(
        { type: "linear", min: chart.x[0], max: chart.x[chart.x.length - 1], ...axis(chart.xTitle, xTicks) },
        { beginAtZero: true, ...axis(chart.yTitle, yTicks) },
        {
          plugins: {
            legend: legend(chart.series.length > 1),
            tooltip: { callbacks: label },
            moments: { at: chart.moments }
          }
        }),
      plugins: [moments]
    };
  }

  // The colours and marks of a map's groups.
  const groupMarks = ["circle", "triangle", "rect", "rectRot"];
  const markOf = role => role.startsWith("group") ? groupMarks[role.slice(5) % groupMarks.length] : "circle";

  // What is chosen on a map: lines to its nearest neighbours, and rings.
  const chosenPoint = {
    id: "chosenPoint",
    afterDatasetsDraw(chart, args, { of }) {
      if (of.chosen === undefined) {
        return;
      }
      const { ctx, scales, chartArea } = chart;
      const place = i => [scales.x.getPixelForValue(of.points[i].x), scales.y.getPixelForValue(of.points[i].y)];
      const near = of.points[of.chosen].near;
      ctx.save();
      ctx.beginPath();
      ctx.rect(chartArea.left, chartArea.top, chartArea.width, chartArea.height);
      ctx.clip();
      ctx.strokeStyle = colour("ink");
      ctx.globalAlpha = 0.55;
      for (const other of near) {
        ctx.beginPath();
        ctx.moveTo(...place(of.chosen));
        ctx.lineTo(...place(other));
        ctx.stroke();
      }
      ctx.globalAlpha = 1;
      for (const other of [of.chosen, ...near]) {
        ctx.lineWidth = other === of.chosen ? 2.5 : 1.25;
        ctx.beginPath();
        ctx.arc(...place(other), other === of.chosen ? 8 : 5.5, 0, 2 * Math.PI);
        ctx.stroke();
      }
      ctx.restore();
    }
  };

  // One unit is equally long in both directions, whatever the shape of the chart.
  function wholeMap(chart, canvas) {
    const range = values => {
      const low = values.reduce((a, b) => Math.min(a, b), Infinity);
      const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
      return { middle: (low + high) / 2, half: Math.max((high - low) / 2, 1e-3) * 1.05 };
    };
    const x = range(chart.points.map(point => point.x));
    const y = range(chart.points.map(point => point.y));
    const shape = canvas.parentNode.clientWidth / Math.max(1, canvas.parentNode.clientHeight);
    return { x: x.middle, y: y.middle, half: Math.max(y.half, x.half / shape), shape };
  }

  const view = ({ x, y, half, shape }) => ({
    x: { min: x - half * shape, max: x + half * shape },
    y: { min: y - half, max: y + half }
  });

  const caption = point => point.label + (point.id === undefined ? "" : " (" + point.id + ")");

  const kinds = {
    map: (chart, canvas) => {
      chart.view ??= wholeMap(chart, canvas);
      const bounds = view(chart.view);
      const hidden = { display: false };
      const radius = chart.points.length > 2000 ? 2.5 : chart.points.length > 500 ? 3.5 : 5;
      return {
        type: "scatter",
        data: {
          datasets: chart.groups.map(({ name, role }, group) => ({
            label: name,
            data: chart.points.map((point, i) => ({ x: point.x, y: point.y, i })).filter(({ i }) => chart.points[i].group === group),
            backgroundColor: colour(role) + "c0",
            borderColor: colour("card"),
            borderWidth: 0.5,
            pointStyle: markOf(role),
            pointRadius: radius,
            pointHoverRadius: radius + 3
          }))
        },
        options: options(
          { ...bounds.x, ...hidden },
          { ...bounds.y, ...hidden },
          {
            interaction: { mode: "nearest", intersect: true },
            onClick: (event, elements, drawn) => {
              if (elements.length > 0 && !chart.dragged) {
                chart.choose(drawn.data.datasets[elements[0].datasetIndex].data[elements[0].index].i);
              }
            },
            plugins: {
              legend: legend(chart.groups.length > 1),
              tooltip: {
                callbacks: {
                  title: items => items.map(item => caption(chart.points[item.raw.i])),
                  label: item => (chart.groups.length > 1 ? item.dataset.label + ", " : "") +
                    chart.points[item.raw.i].clicks.toLocaleString("en") + " clicks"
                }
              },
              chosenPoint: { of: chart }
            }
          }),
        plugins: [chosenPoint]
      };
    },
    line: chart => lines(chart, { precision: 0 }, {}, {
      title: items => chart.xTitle + " " + items[0].parsed.x,
      label: item => item.dataset.label + ": " + four(item.parsed.y)
    }),
    time: chart => lines(chart, {}, {}, {
      title: items => chart.xTitle + " " + items[0].parsed.x,
      label: item => item.dataset.label + ": " + four(item.parsed.y)
    }),
    share: chart => lines(chart, { callback: percent }, { callback: percent }, {
      title: items => percent(items[0].parsed.x) + " of the catalogue",
      label: item => item.dataset.label + ": " + percent(item.parsed.y)
    }),
    bars: chart => ({
      type: "bar",
      data: {
        labels: chart.labels.map(label => label.split(" (")).map(([range, more]) => more ? [range, "(" + more] : range),
        datasets: chart.series.map(series => ({
          label: series.name,
          data: series.values,
          low: series.low,
          high: series.high,
          pointStyle: marks[series.role],
          backgroundColor: colour(series.role) + (series.role === "model" ? "" : "55"),
          borderColor: colour(series.role),
          borderWidth: 1.5,
          borderRadius: 3,
          maxBarThickness: 36
        }))
      },
      options: options(
        { ...axis(chart.xTitle, { font: { size: 11 } }), grid: { display: false } },
        { beginAtZero: true, suggestedMax: Math.max(...chart.series.flatMap(series => series.high)), ...axis(chart.yTitle, {}) },
        {
          plugins: {
            legend: legend(chart.series.length > 1),
            tooltip: {
              callbacks: {
                label: item => item.dataset.label + ": " + four(item.parsed.y) + " (" +
                  four(item.dataset.low[item.dataIndex]) + " – " + four(item.dataset.high[item.dataIndex]) + ")"
              }
            }
          }
        }),
      plugins: [whiskers]
    }),
    differences: chart => {
      const colours = chart.low.map((low, i) => low > 0 ? colour("better") : chart.high[i] < 0 ? colour("worse") : colour("clicks"));
      return {
        type: "bar",
        data: {
          labels: chart.labels,
          datasets: [{
            data: chart.low.map((low, i) => [low, chart.high[i]]),
            points: chart.values,
            backgroundColor: colours,
            barThickness: 3,
            borderSkipped: false
          }]
        },
        options: options(
          {
            ...axis(chart.xTitle, {}),
            suggestedMin: 0,
            suggestedMax: 0,
            grid: { color: tick => tick.tick.value === 0 ? colour("ink") : colour("line") }
          },
          { ...axis("", {}), grid: { display: false } },
          {
            indexAxis: "y",
            interaction: { mode: "index", axis: "y", intersect: false },
            plugins: {
              legend: legend(false),
              tooltip: {
                callbacks: {
                  label: item => four(chart.values[item.dataIndex]) + " (" +
                    four(chart.low[item.dataIndex]) + " – " + four(chart.high[item.dataIndex]) + ")"
                }
              }
            }
          }),
        plugins: [points]
      };
    }
  };

  function draw() {
    drawn.splice(0).forEach(chart => chart.destroy());
    for (const [id, chart] of Object.entries(charts)) {
      const canvas = document.getElementById(id);
      drawn.push(new Chart(canvas, kinds[chart.type](chart, canvas)));
    }
  }

  // The search box of a map, what is chosen on it, and which part of it is seen.
  function explore(finder) {
    const id = finder.dataset.chart;
    const chart = charts[id];
    const canvas = document.getElementById(id);
    const search = finder.querySelector("input");
    const matches = finder.querySelector(".matches");
    const chosen = finder.querySelector(".chosen");

    function link(i, more) {
      const item = document.createElement("li");
      const button = document.createElement("button");
      const key = document.createElement("span");
      key.className = "key " + chart.groups[chart.points[i].group].role;
      button.type = "button";
      button.append(key, caption(chart.points[i]));
      button.addEventListener("click", () => chart.choose(i));
      item.append(button);
      if (more) {
        const figure = document.createElement("small");
        figure.textContent = more;
        item.append(figure);
      }
      return item;
    }

    chart.choose = i => {
      chart.chosen = i;
      search.value = "";
      matches.replaceChildren();
      const heading = document.createElement("h3");
      heading.textContent = caption(chart.points[i]);
      const about = document.createElement("p");
      about.textContent = chart.groups[chart.points[i].group].name + ", " +
        chart.points[i].clicks.toLocaleString("en") + " clicks. Nearest, with the cosine:";
      const list = document.createElement("ol");
      list.append(...chart.points[i].near.map((other, place) => link(other, chart.points[i].cosines[place].toFixed(2))));
      chosen.replaceChildren(heading, about, list);
      Chart.getChart(canvas).update();
    };

    function find() {
      const words = search.value.trim().toLowerCase();
      const found = [];
      for (let i = 0; words !== "" && i < chart.points.length && found.length < 12; i++) {
        if (caption(chart.points[i]).toLowerCase().includes(words)) {
          found.push(i);
        }
      }
      matches.replaceChildren(...found.map(i => link(i)));
      return found;
    }

    function zoom(factor, x, y) {
      const seen = chart.view;
      seen.x = x + (seen.x - x) * factor;
      seen.y = y + (seen.y - y) * factor;
      seen.half *= factor;
      show();
    }

    function show() {
      const drawnNow = Chart.getChart(canvas);
      const bounds = view(chart.view);
      Object.assign(drawnNow.options.scales.x, bounds.x);
      Object.assign(drawnNow.options.scales.y, bounds.y);
      drawnNow.update();
    }

    search.addEventListener("input", find);
    search.addEventListener("keydown", event => {
      const found = event.key === "Enter" ? find() : [];
      if (found.length > 0) {
        chart.choose(found[0]);
      }
    });
    finder.querySelectorAll("[data-zoom]").forEach(button => button.addEventListener("click", () => {
      if (button.dataset.zoom === "all") {
        chart.view = wholeMap(chart, canvas);
        show();
      } else {
        // About what is chosen, if something is.
        const { x, y } = chart.chosen === undefined ? chart.view : chart.points[chart.chosen];
        zoom(button.dataset.zoom === "in" ? 0.6 : 1 / 0.6, x, y);
      }
    }));
    canvas.addEventListener("wheel", event => {
      if (!event.ctrlKey && !event.metaKey) {
        return;
      }
      event.preventDefault();
      const { x, y } = Chart.getChart(canvas).scales;
      zoom(event.deltaY < 0 ? 0.8 : 1.25, x.getValueForPixel(event.offsetX), y.getValueForPixel(event.offsetY));
    }, { passive: false });
    let held = null;
    canvas.addEventListener("pointerdown", event => {
      held = { x: event.offsetX, y: event.offsetY };
      chart.dragged = false;
    });
    addEventListener("pointerup", () => {
      held = null;
    });
    canvas.addEventListener("pointermove", event => {
      if (held === null || !chart.dragged && Math.hypot(event.offsetX - held.x, event.offsetY - held.y) < 4) {
        return;
      }
      chart.dragged = true;
      const { x, y } = Chart.getChart(canvas).scales;
      chart.view.x += x.getValueForPixel(held.x) - x.getValueForPixel(event.offsetX);
      chart.view.y += y.getValueForPixel(held.y) - y.getValueForPixel(event.offsetY);
      held = { x: event.offsetX, y: event.offsetY };
      show();
    });
    // page.html#ID opens with that one chosen.
    const wanted = decodeURIComponent(location.hash.slice(1));
    const asked = chart.points.findIndex(point => (point.id ?? point.label) === wanted);
    if (asked >= 0) {
      chart.choose(asked);
    }
  }

  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  // First, as they leave the map less room.
  const finders = [...document.querySelectorAll(".finder")];
  finders.forEach(finder => {
    finder.hidden = false;
  });
  draw();
  finders.forEach(explore);
  dark.addEventListener("change", draw);
})();
